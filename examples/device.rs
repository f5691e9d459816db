//! A memory-mapped device: firmware for a Cortex-M that sends what a serial
//! port receives back in capitals.
//!
//! `cargo run --features unicorn --example device`

use std::collections::VecDeque;

use serde::{Deserialize, Serialize};
use terrella::{
    api::HookError,
    machine::{Device, Executable, MappedDevice},
    prelude::*,
};

/// Offset 0: data; offset 4: how many bytes wait. It is part of the machine,
/// so it is saved with it and comes back from the run.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct SerialPort {
    received: VecDeque<u8>,
    sent: Vec<u8>,
}

#[typetag::serde(name = "example.serial_port.v1")]
impl Device for SerialPort {
    fn clone_device(&self) -> Box<dyn Device> {
        Box::new(self.clone())
    }

    fn read(&mut self, offset: u64, bytes: &mut [u8]) -> Result<(), HookError> {
        bytes.fill(0);
        bytes[0] = match offset {
            0 => self.received.pop_front().unwrap_or(0),
            _ => self.received.len() as u8,
        };
        Ok(())
    }

    fn write(&mut self, offset: u64, bytes: &[u8]) -> Result<Flow, HookError> {
        if offset == 0 {
            self.sent.push(bytes[0]);
        }
        Ok(Flow::Continue)
    }
}

/// Thumb code; `r0` holds the address of the port.
const CODE: &[u16] = &[
    0x6841, // 0:  ldr r1, [r0, #4]
    0x2900, // 2:  cmp r1, #0
    0xd005, // 4:  beq 18
    0x6801, // 6:  ldr r1, [r0, #0]
    0x2961, // 8:  cmp r1, #'a'
    0xd300, // 10: blo 14
    0x3920, // 12: subs r1, #32
    0x6001, // 14: str r1, [r0, #0]
    0xe7f6, // 16: b 0
    0xbe00, // 18: bkpt
];
const PORT: u64 = 0x4000_0000;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let platform = Platform::ARMV7M;
    let code: Vec<u8> = CODE.iter().flat_map(|half| half.to_le_bytes()).collect();
    let port = SerialPort { received: b"hello, world".iter().copied().collect(), sent: Vec::new() };

    let mut machine = Machine::new(platform);
    machine.add("code", Executable::from_bytes("code", platform, 0x1000, &code)?)?;
    machine.add("port", MappedDevice::new(platform, PORT, 8, port)?)?;
    machine.cpu_mut().set("r0", PORT)?;
    machine.cpu_mut().set_program_counter(0x1001)?; // bit 0: Thumb code
    machine.add_exit_point(0x1000 + 18);

    let outcome = machine.emulate(&mut *backends::make(platform)?)?;
    let port = outcome.machine.get::<MappedDevice>("port")?.device::<SerialPort>().ok_or("no port")?;
    println!("{}: the port sent {:?}", outcome.stop, String::from_utf8_lossy(&port.sent));
    assert_eq!(port.sent, b"HELLO, WORLD");
    Ok(())
}
