//! Software of the hand-held scanner.

pub mod crc;
pub mod ring_buffer;

pub use crc::crc32;
pub use ring_buffer::RingBuffer;
