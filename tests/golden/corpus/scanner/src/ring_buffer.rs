/// A queue of fixed size for the interrupt handler: when it is full, the oldest byte is overwritten.
pub struct RingBuffer<const N: usize> {
    bytes: [u8; N],
    start: usize,
    length: usize,
}

impl<const N: usize> RingBuffer<N> {
    /// An empty buffer.
    pub const fn new() -> Self {
        Self { bytes: [0; N], start: 0, length: 0 }
    }

    /// Appends a byte, over the oldest one if there is no room.
    pub fn push(&mut self, byte: u8) {
        self.bytes[(self.start + self.length) % N] = byte;
        if self.length == N {
            self.start = (self.start + 1) % N;
        } else {
            self.length += 1;
        }
    }

    /// Takes the oldest byte out.
    pub fn pop(&mut self) -> Option<u8> {
        if self.length == 0 {
            return None;
        }
        let byte = self.bytes[self.start];
        self.start = (self.start + 1) % N;
        self.length -= 1;
        Some(byte)
    }
}
