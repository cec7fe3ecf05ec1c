const POLYNOMIAL: u32 = 0xEDB8_8320;

/// CRC-32 of a packet, as Ethernet and zlib compute it.
pub fn crc32(packet: &[u8]) -> u32 {
    let mut crc = !0u32;
    for &byte in packet {
        crc ^= u32::from(byte);
        for _ in 0..8 {
            crc = if crc & 1 == 1 { (crc >> 1) ^ POLYNOMIAL } else { crc >> 1 };
        }
    }
    !crc
}

/// Whether a packet that ends in its checksum arrived undamaged.
pub fn is_intact(packet: &[u8]) -> bool {
    packet.len() > 4 && {
        let (body, sum) = packet.split_at(packet.len() - 4);
        crc32(body).to_le_bytes() == sum
    }
}
