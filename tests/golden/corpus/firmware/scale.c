#include <stdint.h>

#define SAMPLES 5

static int32_t zero_offset;

/* Smooths noisy readings of the load cell: the median of the last five samples. */
int32_t median_of_samples(const int32_t samples[SAMPLES])
{
    int32_t sorted[SAMPLES];
    for (int i = 0; i < SAMPLES; i++) {
        int j = i;
        while (j > 0 && sorted[j - 1] > samples[i]) {
            sorted[j] = sorted[j - 1];
            j--;
        }
        sorted[j] = samples[i];
    }
    return sorted[SAMPLES / 2];
}

/* Makes the present load count as zero. */
void tare(int32_t reading)
{
    zero_offset = reading;
}

/* Weight on the scale in grams. */
int32_t weight_in_grams(int32_t reading)
{
    return (int32_t)(((int64_t)reading - zero_offset) * 1000 / 8388);
}
