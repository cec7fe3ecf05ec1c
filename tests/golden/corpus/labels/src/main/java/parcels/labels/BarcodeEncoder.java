package parcels.labels;

/** Turns text into the bars and gaps of Code 39. */
public final class BarcodeEncoder {
    private static final String ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ-. $/+%";

    /**
     * Encodes a text as widths of alternating bars and gaps.
     *
     * @throws IllegalArgumentException if a character has no bar pattern
     */
    public int[] encode(String text) {
        int[] widths = new int[text.length() * 10];
        int position = 0;
        for (char character : text.toCharArray()) {
            int symbol = ALPHABET.indexOf(character);
            if (symbol < 0) {
                throw new IllegalArgumentException("no barcode for " + character);
            }
            for (int element = 0; element < 9; element++) {
                widths[position++] = isWide(symbol, element) ? 3 : 1;
            }
            widths[position++] = 1;
        }
        return widths;
    }

    /** Whether an element of a symbol is drawn wide. */
    private boolean isWide(int symbol, int element) {
        return (symbol * 31 + 7) >> element % 5 == 1;
    }
}
