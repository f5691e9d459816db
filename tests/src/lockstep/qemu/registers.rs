//! [`Numbering`]: which number and width a register has for the stub.

use terrella_emulator_api::{Platform, RegisterId, RegisterValue};
use terrella_platforms::ByteOrder;

use super::{
    super::Error,
    packet::Connection,
    targets::{Program, Row},
};

/// A register of the stub.
#[derive(Debug, Clone)]
pub(super) struct Numbered {
    pub(super) name: String,
    pub(super) bits: u32,
    pub(super) number: u32,
    /// It is of the bank that is not shown: its number is that of the one in
    /// whose place it comes.
    pub(super) is_other: bool,
    /// It is a part of the stub's register: the lowest bit, and how many.
    pub(super) part: Option<(u32, u32)>,
    /// The platform's register.
    pub(super) id: Option<RegisterId>,
}

/// The registers of the stub.
pub(super) struct Numbering {
    pub(super) registers: Vec<Numbered>,
    order: ByteOrder,
    swapped: Option<&'static str>,
    taken_swapped: Option<&'static str>,
}

impl Numbered {
    /// It is another name for a place that a register of the stub has already.
    pub(super) const fn is_again(&self) -> bool {
        self.is_other || self.part.is_some()
    }
}

impl Numbering {
    /// From the stub's description, or from the table.
    ///
    /// # Errors
    /// There is neither.
    pub(super) fn of(
        platform: Platform,
        program: &Program,
        connection: &mut Connection,
    ) -> Result<Self, Error> {
        let mut registers = Vec::new();
        match program.registers {
            Some(rows) => from_rows(rows, &mut registers),
            None => described(connection, program, "target.xml", &mut registers)?,
        }
        if let Some(bank) = program.bank {
            let of_bank = |it: &Numbered| {
                let number = it.name.strip_prefix(bank.shown)?;
                let is_number = !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit());
                let name = format!("{}{number}", bank.other);
                is_number.then(|| Numbered { name, is_other: true, ..it.clone() })
            };
            let others: Vec<Numbered> = registers.iter().filter_map(of_bank).collect();
            registers.extend(others);
        }
        for (whole, name, low, bits) in program.parts {
            if let Some(whole) = registers.iter().find(|it| it.name == *whole) {
                let name = (*name).to_owned();
                registers.push(Numbered { name, part: Some((*low, *bits)), ..whole.clone() });
            }
        }
        let table = platform.definition().registers();
        for register in &mut registers {
            let found = program.names.iter().find(|(name, _)| *name == register.name);
            let name = found.map_or(register.name.as_str(), |(_, name)| *name);
            register.id = table.lookup(name);
        }
        Ok(Self {
            registers,
            order: platform.byte_order(),
            swapped: program.swapped,
            taken_swapped: program.taken_swapped,
        })
    }

    pub(super) fn find(&self, id: RegisterId) -> Option<&Numbered> {
        self.registers.iter().find(|register| register.id == Some(id))
    }

    /// Puts the bytes of a register into those of the stub, or the part that it is.
    pub(super) fn put(&self, register: &Numbered, bytes: &[u8], into: &mut [u8]) {
        let Some((low, count)) = register.part else {
            into.copy_from_slice(bytes);
            return;
        };
        let whole = Numbered { part: None, ..register.clone() };
        let old = self.value(&whole, into, register.bits);
        let new = self.value(register, bytes, count);
        into.copy_from_slice(&self.bytes(&whole, &old.insert(low, count, &new), register.bits));
    }

    pub(super) fn named(&self, name: &str) -> Option<&Numbered> {
        self.registers.iter().find(|register| register.name == name)
    }

    /// The content that the stub's bytes mean.
    pub(super) fn value(&self, register: &Numbered, bytes: &[u8], bits: u32) -> RegisterValue {
        let mut bytes = bytes.to_vec();
        if self.order == ByteOrder::Big {
            bytes.reverse();
        }
        let mut value = RegisterValue::from_le_bytes(&bytes);
        value = exchanged(register, value, self.swapped);
        // Extended reals of the 68881 have two bytes of nothing between
        // exponent and fraction (M68000PRM, 1.6.1).
        if register.bits == 96 && bits == 80 {
            return value.extract(0, 64).insert(64, 16, &value.extract(80, 16));
        }
        let low = register.part.map_or(0, |(low, _)| low);
        value.extract(low, bits)
    }

    /// The stub's bytes of a content.
    pub(super) fn bytes(&self, register: &Numbered, value: &RegisterValue, bits: u32) -> Vec<u8> {
        let value = if register.bits == 96 && bits == 80 {
            value.extract(0, 64).insert(80, 16, &value.extract(64, 16))
        } else {
            *value
        };
        let value = exchanged(register, value, self.taken_swapped);
        let value = match register.part {
            Some((low, bits)) => RegisterValue::ZERO.insert(low, bits, &value),
            None => value,
        };
        let mut bytes = vec![0; register.bits as usize / 8];
        value.write_le_bytes(&mut bytes);
        if self.order == ByteOrder::Big {
            bytes.reverse();
        }
        bytes
    }
}

/// The value with its halves exchanged, if the register is one of those.
fn exchanged(register: &Numbered, value: RegisterValue, prefix: Option<&str>) -> RegisterValue {
    let is_one = register.bits == 128 && prefix.is_some_and(|prefix| register.name.starts_with(prefix));
    if is_one { value.extract(64, 64).insert(64, 64, &value) } else { value }
}

fn from_rows(rows: &[Row], registers: &mut Vec<Numbered>) {
    let mut add = |name: String, bits| {
        let number = registers.len() as u32;
        registers.push(Numbered { name, bits, number, is_other: false, part: None, id: None });
    };
    for row in rows {
        match *row {
            Row::One(name, bits) => add(name.to_owned(), bits),
            Row::Many { prefix, first, step, count, bits } => {
                (0..count).for_each(|index| add(format!("{prefix}{}", first + index * step), bits));
            }
            Row::Gap { count, bits } => (0..count).for_each(|_| add(String::new(), bits)),
        }
    }
}

/// Reads a description and those that it includes (GDB manual, appendix G).
fn described(
    connection: &mut Connection,
    program: &Program,
    annex: &str,
    registers: &mut Vec<Numbered>,
) -> Result<(), Error> {
    let text = connection.document(annex)?;
    let text = text.ok_or_else(|| Error::Protocol(format!("the stub sends no {annex}")))?;
    // The prefix of the inclusions is not declared.
    let text = text.replace("<xi:include", "<include");
    let options = roxmltree::ParsingOptions { allow_dtd: true, ..Default::default() };
    let document = roxmltree::Document::parse_with_options(&text, options)
        .map_err(|error| Error::Protocol(format!("{annex}: {error}")))?;
    for node in document.descendants() {
        match node.tag_name().name() {
            "include" => {
                if let Some(annex) = node.attribute("href").filter(|it| !program.without.contains(it)) {
                    described(connection, program, annex, registers)?;
                }
            }
            "reg" => {
                let next = registers.last().map_or(0, |last| last.number + 1);
                let number = |name| node.attribute(name).and_then(|text| text.parse::<u32>().ok());
                let bits = number("bitsize")
                    .ok_or_else(|| Error::Protocol(format!("{annex}: a register without a width")))?;
                let name = node.attribute("name").unwrap_or_default().to_owned();
                let number = number("regnum").unwrap_or(next);
                registers.push(Numbered { name, bits, number, is_other: false, part: None, id: None });
            }
            _ => {}
        }
    }
    Ok(())
}
