#include <stdbool.h>
#include <stdint.h>

#define STABLE_TICKS 5

static uint8_t ticks;
static bool pressed;

/* Debounces the button: a new level counts once it has been stable for some ticks. */
bool debounce_button(bool level)
{
    if (level == pressed) {
        ticks = 0;
    } else if (++ticks >= STABLE_TICKS) {
        pressed = level;
        ticks = 0;
    }
    return pressed;
}
