package parcels.labels;

import java.io.IOException;
import java.io.OutputStream;
import java.net.Socket;
import java.nio.charset.StandardCharsets;

/** Prints address labels on a network printer that speaks ZPL. */
public class LabelPrinter {
    private final String host;
    private final BarcodeEncoder barcodes = new BarcodeEncoder();

    public LabelPrinter(String host) {
        this.host = host;
    }

    /** Sends one label with the receiver's address and the tracking number to the printer. */
    public void print(String address, String trackingNumber) throws IOException {
        try (Socket socket = new Socket(host, 9100); OutputStream out = socket.getOutputStream()) {
            out.write(layout(address, trackingNumber).getBytes(StandardCharsets.UTF_8));
        }
    }

    /** Arranges address lines above the barcode. */
    String layout(String address, String trackingNumber) {
        StringBuilder label = new StringBuilder("^XA");
        int y = 40;
        for (String line : address.split("\n")) {
            label.append("^FO40,").append(y).append("^FD").append(line).append("^FS");
            y += 36;
        }
        label.append("^FO40,").append(y).append("^B3^FD").append(trackingNumber).append("^FS");
        return label.append("^XZ").toString();
    }
}
