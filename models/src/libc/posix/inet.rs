//! `arpa/inet.h` and `netinet/in.h`.

use std::net::{Ipv4Addr, Ipv6Addr};

use super::super::{
    context::Context,
    error::Result,
    structures::Small,
    types::{Header, Ptr, Standard, models},
};
use crate::errno::Errno;

pub(crate) static HEADER: Header = Header {
    name: "arpa/inet.h",
    standard: Standard::Posix,
    models: models! {
        htonl = swapped;
        ntohl = swapped;
        htons = swapped_short;
        ntohs = swapped_short;
        inet_addr = inet_addr;
        inet_aton = inet_aton;
        inet_ntoa = inet_ntoa;
        inet_ntop = inet_ntop;
        inet_pton = inet_pton;
        inet_network = inet_network;
        inet_lnaof = inet_lnaof;
        inet_netof = inet_netof;
        inet_makeaddr = inet_makeaddr;
        if_nametoindex = if_nametoindex;
        if_indextoname = if_indextoname;
    },
};

/// `AF_INET` and `AF_INET6`.
pub(super) const INET: i32 = 2;
pub(super) const INET6: i32 = 10;

fn is_big(c: &mut Context<'_>) -> bool {
    c.emulator().platform().byte_order() == terrella_platforms::ByteOrder::Big
}

/// A number of the network's order as the processor has it, and back.
pub(super) fn swapped(c: &mut Context<'_>, value: u32) -> Result<u32> {
    Ok(if is_big(c) { value } else { value.swap_bytes() })
}

fn swapped_short(c: &mut Context<'_>, value: u16) -> Result<u16> {
    Ok(if is_big(c) { value } else { value.swap_bytes() })
}

/// An address of numbers and dots (inet_aton(3)): of one to four parts, each
/// decimal, octal or hexadecimal.
pub(super) fn dotted(text: &[u8]) -> Option<u32> {
    let end = text.iter().position(|byte| super::super::ctype::is_space(*byte)).unwrap_or(text.len());
    let parts: Vec<&[u8]> = text[..end].split(|byte| *byte == b'.').collect();
    if parts.len() > 4 {
        return None;
    }
    let mut value = 0_u32;
    for (index, part) in parts.iter().enumerate() {
        if !part.first()?.is_ascii_digit() {
            return None;
        }
        let found = super::super::numbers::integer(part, 0);
        if found.length != part.len() {
            return None;
        }
        let number = u32::try_from(found.magnitude).ok()?;
        let last = index + 1 == parts.len();
        let bits = if last { 8 * (5 - parts.len() as u32) } else { 8 };
        if bits < 32 && number >> bits != 0 {
            return None;
        }
        value |= if last { number } else { number << (24 - 8 * index) };
    }
    Some(value)
}

fn inet_addr(c: &mut Context<'_>, text: Ptr) -> Result<u32> {
    let text = c.text(text)?;
    match dotted(&text) {
        Some(address) => swapped(c, address),
        None => Ok(u32::MAX),
    }
}

fn inet_aton(c: &mut Context<'_>, text: Ptr, to: Ptr) -> Result<i32> {
    let text = c.text(text)?;
    let Some(address) = dotted(&text) else { return Ok(0) };
    if !to.is_null() {
        c.write(to, &address.to_be_bytes())?;
    }
    Ok(1)
}

/// `struct in_addr` by value.
type Address = Small<4>;

fn inet_ntoa(c: &mut Context<'_>, address: Address) -> Result<Ptr> {
    let address = Ipv4Addr::from(address.0);
    let room = c.room("inet_ntoa", 16)?;
    c.write_text(room, address.to_string().as_bytes())?;
    Ok(room)
}

/// The text of an address as glibc writes it.
pub(super) fn text_of(family: i32, bytes: &[u8]) -> Option<String> {
    match family {
        INET => Some(Ipv4Addr::from(<[u8; 4]>::try_from(bytes.get(..4)?).ok()?).to_string()),
        INET6 => {
            let bytes = <[u8; 16]>::try_from(bytes.get(..16)?).ok()?;
            let address = Ipv6Addr::from(bytes);
            // Addresses with an IPv4 address in them, as RFC 4291 2.2 has them.
            let [.., a, b, c, d] = bytes;
            if bytes[..12] == [0; 12] && (bytes[12], bytes[13]) != (0, 0) {
                return Some(format!("::{a}.{b}.{c}.{d}"));
            }
            Some(address.to_string())
        }
        _ => None,
    }
}

fn inet_ntop(c: &mut Context<'_>, family: i32, from: Ptr, to: Ptr, size: u32) -> Result<Ptr> {
    let length = match family {
        INET => 4,
        INET6 => 16,
        _ => return c.fail_null(Errno::EAFNOSUPPORT),
    };
    let bytes = c.read(from, length)?;
    let text = text_of(family, &bytes).unwrap_or_default();
    if text.len() >= size as usize {
        return c.fail_null(Errno::ENOSPC);
    }
    c.write_text(to, text.as_bytes())?;
    Ok(to)
}

fn inet_pton(c: &mut Context<'_>, family: i32, text: Ptr, to: Ptr) -> Result<i32> {
    let text = c.text(text)?;
    let text = String::from_utf8_lossy(&text).into_owned();
    match family {
        INET => match text.parse::<Ipv4Addr>() {
            Ok(address) => {
                c.write(to, &address.octets())?;
                Ok(1)
            }
            Err(_) => Ok(0),
        },
        INET6 => match text.parse::<Ipv6Addr>() {
            Ok(address) => {
                c.write(to, &address.octets())?;
                Ok(1)
            }
            Err(_) => Ok(0),
        },
        _ => c.fail(Errno::EAFNOSUPPORT),
    }
}

/// In the processor's order; one part after the other, without filling up.
fn inet_network(c: &mut Context<'_>, text: Ptr) -> Result<u32> {
    let text = c.text(text)?;
    let parts: Vec<&[u8]> = text.split(|byte| *byte == b'.').collect();
    let mut value = 0_u32;
    for part in &parts {
        let found = super::super::numbers::integer(part, 0);
        if parts.len() > 4 || found.length != part.len() || found.negative || found.magnitude > 255 {
            return Ok(u32::MAX);
        }
        value = value << 8 | found.magnitude as u32;
    }
    Ok(value)
}

/// Bits of the part for the host (RFC 791: classes A, B and C).
const fn host_bits(address: u32) -> u32 {
    match address >> 30 {
        0 | 1 => 24,
        2 => 16,
        _ => 8,
    }
}

fn inet_lnaof(_: &mut Context<'_>, address: Address) -> Result<u32> {
    let address = u32::from_be_bytes(address.0);
    Ok(address & ((1 << host_bits(address)) - 1))
}

fn inet_netof(_: &mut Context<'_>, address: Address) -> Result<u32> {
    let address = u32::from_be_bytes(address.0);
    Ok(address >> host_bits(address))
}

/// The structure is returned as the word that it is.
fn inet_makeaddr(c: &mut Context<'_>, network: u32, host: u32) -> Result<u32> {
    let address = match network {
        0..128 => network << 24 | host & 0xff_ffff,
        128..0x1_0000 => network << 16 | host & 0xffff,
        0x1_0000..0x100_0000 => network << 8 | host & 0xff,
        _ => network | host,
    };
    swapped(c, address)
}

fn if_nametoindex(c: &mut Context<'_>, name: Ptr) -> Result<u32> {
    if c.text(name)? == b"lo" {
        return Ok(1);
    }
    c.fail(Errno::ENODEV).map(|_| 0)
}

fn if_indextoname(c: &mut Context<'_>, index: u32, to: Ptr) -> Result<Ptr> {
    if index != 1 {
        return c.fail_null(Errno::ENXIO);
    }
    c.write_text(to, b"lo")?;
    Ok(to)
}
