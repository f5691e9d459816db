//! [`Generator`]: random instructions.

use std::sync::Arc;

use terrella_sleigh::{Context, Decoder};

use crate::{
    case::{CODE, CODE_SIZE, Case, DATA, DATA_SIZE, Machine, Outcome},
    host::OFFSETS,
    opcodes::{has_modrm, is_dangerous, is_dangerous_in_32_bits},
    random::Random,
};

/// A part of the instruction set.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Class {
    /// General registers.
    Integer,
    /// MMX and SSE.
    Sse,
    /// The floating-point stack.
    X87,
    /// AVX, FMA, BMI and what else has a VEX prefix.
    Vex,
}

/// Makes random instructions with random states.
pub struct Generator {
    is_64: bool,
    is_16: bool,
    random: Random,
    class: Option<Class>,
    decoder: Option<(Decoder, Context)>,
}

/// An instruction under construction.
#[derive(Default)]
struct Shape {
    bytes: Vec<u8>,
    /// Registers that must have values: for memory operands.
    fixed: Vec<(usize, u64)>,
    /// Where a displacement relative to RIP is, and what it goes to.
    relative: Option<(usize, u64)>,
    gathers: bool,
    class: Option<Class>,
    opcode: (u8, u8),
}

impl Generator {
    /// With a seed, and for one class only or all.
    #[must_use]
    pub fn new(bits: u32, seed: u64, class: Option<Class>) -> Self {
        let language = match bits {
            64 => "x86-64",
            32 => "x86",
            _ => "x86-16",
        };
        let decoder = terrella_sleigh_languages::load(language)
            .ok()
            .map(|processor| (Decoder::new(Arc::clone(&processor.language)), processor.context));
        Self { is_64: bits == 64, is_16: bits == 16, random: Random::new(seed), class, decoder }
    }

    /// The next case.
    pub fn case(&mut self) -> Case {
        loop {
            if let Some(case) = self.try_case() {
                return case;
            }
        }
    }

    fn try_case(&mut self) -> Option<Case> {
        let class = self.class.unwrap_or_else(|| match self.random.below(10) {
            0..4 => Class::Integer,
            4..7 => Class::Sse,
            7 => Class::X87,
            // There is none in real-address mode.
            _ if self.is_16 => Class::Integer,
            _ => Class::Vex,
        });
        let mut shape = Shape { class: Some(class), ..Shape::default() };
        let made = match class {
            Class::Integer => self.legacy(&mut shape, false),
            Class::Sse => self.legacy(&mut shape, true),
            Class::X87 => self.x87(&mut shape),
            Class::Vex => self.vex(&mut shape),
        };
        if !made {
            return None;
        }
        // Up to here it is an instruction but for immediates.
        let end = shape.bytes.len();
        for _ in 0..8 {
            let byte = if self.random.once_in(2) { self.random.bits() } else { self.random.integer() };
            shape.bytes.push(byte as u8);
        }
        let mut length = end;
        if let Some((decoder, context)) = &mut self.decoder {
            let mut bytes = shape.bytes.clone();
            bytes.resize(32, 0xcc);
            length = decoder.decode(CODE, &bytes, *context).unwrap_or(end);
        }
        if length > 15 {
            return None;
        }
        shape.bytes.truncate(length);
        if let Some((at, target)) = shape.relative
            && let Some(place) = shape.bytes.get_mut(at..at + 4)
        {
            let displacement = target.wrapping_sub(CODE + length as u64) as u32;
            place.copy_from_slice(&displacement.to_le_bytes());
        }
        if length > end {
            aim_branch(&mut shape, &mut self.random, self.is_16);
        }
        if is_foreign_jump(&shape) {
            return None;
        }
        let before = self.machine(&shape);
        let bits = match (self.is_64, self.is_16) {
            (true, _) => 64,
            (_, true) => 16,
            _ => 32,
        };
        Some(Case { bytes: shape.bytes, bits, before })
    }

    fn legacy(&mut self, shape: &mut Shape, vector: bool) -> bool {
        let random = &mut self.random;
        let prefix = match (vector, random.below(16)) {
            (true, value) => [0, 0x66, 0xf3, 0xf2][value as usize % 4],
            (false, 0..3) => 0x66,
            (false, 3) => 0xf3,
            (false, 4) => 0xf2,
            _ => 0,
        };
        if prefix != 0 {
            shape.bytes.push(prefix);
            if prefix != 0x66 && random.once_in(6) {
                shape.bytes.push(0x66);
            }
        }
        if random.once_in(24) {
            shape.bytes.push(0x67);
        }
        if self.is_16 && random.once_in(8) {
            shape.bytes.push(random.pick(&[0x26, 0x36, 0x3e]));
        }
        if random.once_in(40) && !vector {
            shape.bytes.push(0xf0);
        }
        let rex = if self.is_64 && random.once_in(2) { 0x40 | random.below(16) as u8 } else { 0 };
        if rex != 0 {
            shape.bytes.push(rex);
        }
        let map = if vector { random.pick(&[1u8, 1, 1, 2, 2, 3]) } else { random.pick(&[0u8, 0, 1, 1, 2]) };
        let opcode = match (vector, map) {
            (false, 2) => 0xf0 + random.below(8) as u8,
            (true, 1) => {
                random.pick(&[
                    0x10, 0x20, 0x50, 0x60, 0x70, 0xc0, 0xd0, 0xe0, 0xf0, 0x50, 0x60, 0xd0, 0xe0, 0xf0u8,
                ]) + random.below(16) as u8
            }
            (true, 2) => random.pick(&[0, 0x10, 0x20, 0x30, 0xc0, 0xd0, 0x80u8]) + random.below(16) as u8,
            (true, 3) => random.pick(&[0, 0x10, 0x20, 0x40, 0x60, 0xc0, 0xd0u8]) + random.below(16) as u8,
            _ => random.bits() as u8,
        };
        // SSE4a is AMD's alone; and AMD's jumps of 16 bits are not Intel's.
        let foreign =
            map == 1 && (opcode == 0x2b && shape.bytes.iter().any(|byte| matches!(byte, 0xf2 | 0xf3)));
        let jump = map == 0 && matches!(opcode, 0x70..0x80 | 0xe0..0xe4 | 0xe8..0xec | 0xc2 | 0xc3)
            || map == 1 && (0x80..0x90).contains(&opcode);
        let repeated = shape.bytes.iter().any(|byte| matches!(byte, 0xf2 | 0xf3));
        if repeated && map == 0 && (0xe0..0xe3).contains(&opcode) {
            return false;
        }
        // ARPL is none in real-address mode, and INTO goes elsewhere.
        let leaves_mode = self.is_16 && matches!(opcode, 0x63 | 0xce);
        if !self.is_64 && map == 0 && (is_dangerous_in_32_bits(opcode) || leaves_mode) {
            return false;
        }
        let is_old = !self.is_64 && map == 0 && matches!(opcode, 0x40..0x50 | 0x62 | 0xce);
        if is_dangerous(map, opcode) && !is_old || foreign || jump && shape.bytes.contains(&0x66) {
            return false;
        }
        match map {
            1 => shape.bytes.push(0x0f),
            2 => shape.bytes.extend([0x0f, 0x38]),
            3 => shape.bytes.extend([0x0f, 0x3a]),
            _ => {}
        }
        shape.bytes.push(opcode);
        shape.opcode = (map, opcode);
        self.operand(shape, rex, has_modrm(map, opcode));
        true
    }

    fn x87(&mut self, shape: &mut Shape) -> bool {
        let rex = 0;
        let opcode = 0xd8 + self.random.below(8) as u8;
        shape.bytes.push(opcode);
        shape.opcode = (0, opcode);
        self.operand(shape, rex, true);
        true
    }

    fn vex(&mut self, shape: &mut Shape) -> bool {
        let random = &mut self.random;
        let map = random.pick(&[1u8, 1, 1, 2, 2, 2, 3]);
        let opcode = match map {
            1 => {
                random.pick(&[
                    0x10, 0x20, 0x50, 0x60, 0x70, 0xc0, 0xd0, 0xe0, 0xf0, 0x50, 0x60, 0xd0, 0xe0, 0xf0u8,
                ]) + random.below(16) as u8
            }
            2 => random.bits() as u8,
            _ => random.pick(&[0, 0x10, 0x20, 0x40, 0x60, 0xc0, 0xd0, 0xf0u8]) + random.below(16) as u8,
        };
        let pp = if map == 1 { random.below(4) as u8 } else { random.pick(&[1, 1, 1, 0, 2, 3]) };
        let (wide, long) = (random.below(2) as u8, random.below(2) as u8);
        let rex = if self.is_64 { random.below(8) as u8 } else { 0 };
        let mut vvvv = if random.once_in(3) { 0xf } else { random.below(16) as u8 };
        if !self.is_64 {
            vvvv |= 8;
        }
        if map == 1 && rex & 3 == 0 && wide == 0 && random.once_in(2) {
            shape.bytes.extend([0xc5, (!rex >> 2 & 1) << 7 | vvvv << 3 | long << 2 | pp]);
        } else {
            shape.bytes.extend([0xc4, (!rex & 7) << 5 | map, wide << 7 | vvvv << 3 | long << 2 | pp]);
        }
        if map == 1 && opcode == 0xae {
            return false;
        }
        shape.bytes.push(opcode);
        shape.opcode = (map, opcode);
        shape.gathers = map == 2 && (0x90..0x94).contains(&opcode);
        self.operand(shape, rex, opcode != 0x77 || map != 1);
        true
    }

    /// A ModRM byte with what follows; memory operands go to the data page.
    fn operand(&mut self, shape: &mut Shape, rex: u8, has_modrm: bool) {
        if !has_modrm {
            return;
        }
        let random = &mut self.random;
        let mut modrm = random.bits() as u8;
        if random.once_in(2) && !shape.gathers {
            modrm |= 0xc0;
        }
        if shape.gathers {
            modrm = modrm & 0x78 | 4;
        }
        // BOUND with a register would be a prefix of AVX-512.
        if shape.opcode == (0, 0x62) {
            modrm &= 0xbf;
        }
        shape.bytes.push(modrm);
        let (mode, rm) = (modrm >> 6, modrm & 7);
        if mode == 3 {
            return;
        }
        if self.is_16 && !shape.bytes[..shape.bytes.len() - 1].contains(&0x67) {
            return self.operand_16(shape, modrm);
        }
        let random = &mut self.random;
        let offset = 0x800 + if random.once_in(2) { 32 * random.below(8) } else { random.below(256) };
        let offset = if random.once_in(100) { DATA_SIZE as u64 - random.below(16) } else { offset };
        let is_16 = self.is_16;
        let start = |shape: &Shape, base| if is_16 { data_offset(&shape.bytes, base) } else { DATA };
        let target = start(shape, None) + offset;
        if rm == 5 && mode == 0 {
            if self.is_64 {
                shape.relative = Some((shape.bytes.len(), target));
                shape.bytes.extend([0; 4]);
            } else {
                shape.bytes.extend((target as u32).to_le_bytes());
            }
            return;
        }
        let (mut base, mut index) = (usize::from(rm | (rex & 1) << 3), None);
        let mut no_base = false;
        if rm == 4 {
            let sib = random.bits() as u8;
            shape.bytes.push(sib);
            base = usize::from(sib & 7 | (rex & 1) << 3);
            no_base = sib & 7 == 5 && mode == 0;
            let number = usize::from(sib >> 3 & 7 | (rex & 2) << 2);
            if number != 4 || shape.gathers {
                index = Some((number, 1u64 << (sib >> 6)));
            }
        }
        let target = if no_base { target } else { start(shape, Some(base)) + offset };
        let displacement = match mode {
            1 => {
                let byte = random.bits() as u8;
                shape.bytes.push(byte);
                byte as i8 as i64 as u64
            }
            2 => {
                let value = random.bits() as i32 >> random.below(31);
                shape.bytes.extend(value.to_le_bytes());
                i64::from(value) as u64
            }
            _ => 0,
        };
        if shape.gathers {
            index = None;
        }
        if no_base {
            let amount = index.map_or(0, |(number, scale)| {
                let value = random.below(16);
                shape.fixed.push((number, value));
                value * scale
            });
            shape.bytes.extend((target.wrapping_sub(amount) as u32).to_le_bytes());
            return;
        }
        match index {
            Some((number, scale)) if number == base => {
                shape.fixed.push((base, target.wrapping_sub(displacement) / (1 + scale)));
            }
            Some((number, scale)) => {
                let value = 16 * random.below(4);
                shape.fixed.push((number, value));
                shape.fixed.push((base, target.wrapping_sub(displacement).wrapping_sub(value * scale)));
            }
            None => shape.fixed.push((base, target.wrapping_sub(displacement))),
        }
    }

    /// What follows a ModRM byte with an address of 16 bits.
    fn operand_16(&mut self, shape: &mut Shape, modrm: u8) {
        let random = &mut self.random;
        let (mode, rm) = (modrm >> 6, modrm & 7);
        let offset =
            if random.once_in(100) { DATA_SIZE as u64 - random.below(16) } else { 0x800 + random.below(256) };
        // BX, BP, SI and DI.
        let (base, index) = match rm {
            _ if rm == 6 && mode == 0 => (None, None),
            0 | 1 => (Some(3), Some(usize::from(6 + rm))),
            2 | 3 => (Some(5), Some(usize::from(4 + rm))),
            4 | 5 => (Some(usize::from(2 + rm)), None),
            6 => (Some(5), None),
            _ => (Some(3), None),
        };
        let target = data_offset(&shape.bytes[..shape.bytes.len() - 1], base) + offset;
        let Some(base) = base else {
            shape.bytes.extend((target as u16).to_le_bytes());
            return;
        };
        let displacement = match mode {
            1 => {
                let byte = random.bits() as u8;
                shape.bytes.push(byte);
                byte as i8 as u16
            }
            2 => {
                let value = random.bits() as u16;
                shape.bytes.extend(value.to_le_bytes());
                value
            }
            _ => 0,
        };
        let rest = (target as u16).wrapping_sub(displacement);
        let high = random.bits() & 0xffff_0000;
        match index {
            Some(index) => {
                let value = random.bits() as u16;
                shape.fixed.push((index, random.bits() & 0xffff_0000 | u64::from(value)));
                shape.fixed.push((base, high | u64::from(rest.wrapping_sub(value))));
            }
            None => shape.fixed.push((base, high | u64::from(rest))),
        }
    }

    fn machine(&mut self, shape: &Shape) -> Machine {
        let mut general = [0; 16];
        for value in &mut general {
            *value = self.random.integer();
        }
        for pointer in [4, 5, 6, 7] {
            if pointer == 4 || !self.random.once_in(4) {
                general[pointer] = self.pointer_base(pointer) + 0x400 + 8 * self.random.below(64);
            }
        }
        let stack_base = self.pointer_base(4);
        let data_base = if self.is_16 { data_offset(&shape.bytes, None) } else { DATA };
        let random = &mut self.random;
        if random.once_in(2) {
            general[1] = random.below(70);
        }
        if shape.opcode == (0, 0xd7) {
            general[3] = data_base + random.below(256);
        }
        if self.is_16 && !shape.bytes.contains(&0x67) {
            // What addresses of 16 bits do not look at.
            for value in &mut general {
                *value |= random.bits() & 0xffff_0000;
            }
        }
        for (register, value) in &shape.fixed {
            general[*register] = *value;
        }
        if !self.is_64 {
            for (index, value) in general.iter_mut().enumerate() {
                *value = if index < 8 { *value & 0xffff_ffff } else { 0 };
            }
        }
        let direction = if random.once_in(12) { 0x400 } else { 0 };
        let flags = random.bits() & 0x8d5 | 0x202 | direction;
        let style = random.below(6);
        let mut vectors = [[0; 32]; 16];
        for value in &mut vectors {
            fill(random, value, style, shape.gathers);
        }
        if !self.is_64 {
            vectors[8..].fill([0; 32]);
        }
        let mut stack = [[0; 10]; 8];
        for value in &mut stack {
            *value = random.extended();
        }
        let mut data = vec![0; DATA_SIZE];
        for chunk in data.chunks_mut(32) {
            let own = if random.once_in(3) { random.below(6) } else { style };
            fill(random, chunk, own, false);
        }
        if self.is_16 && matches!(shape.opcode, (0, 0xc2 | 0xc3)) {
            // To a breakpoint, and not into what follows the instruction.
            let at = (general[4] & 0xffff).wrapping_sub(stack_base) as usize;
            if let Some(word) = data.get_mut(at..at + 4) {
                word.copy_from_slice(&(0x100 + random.below(0xe00) as u32).to_le_bytes());
            }
        }
        if shape.opcode == (0, 0x9d) {
            // POPF must not turn on single steps and alignment checks.
            let sp = if self.is_16 { general[4] & 0xffff } else { general[4] };
            let at = sp.wrapping_sub(stack_base) as usize;
            if let Some(word) = data.get_mut(at..at + 8) {
                let kept = word[1] & 0xc | 2;
                word.copy_from_slice(&[word[0] & 0xd5, kept, 0, 0, 0, 0, 0, 0]);
            }
        }
        if shape.class == Some(Class::X87) {
            for chunk in data[0x800..0x900].chunks_mut(16) {
                if random.once_in(2) {
                    chunk[..10].copy_from_slice(&random.extended());
                }
            }
        }
        let (mut control, mut status, mut tags) = (0x37f, 0, 0);
        if shape.class == Some(Class::X87) || random.once_in(2) {
            tags = if random.once_in(3) { random.bits() as u8 } else { 0xff };
            if random.once_in(6) {
                tags = 0;
            }
            status = random.bits() as u16 & 0x7f00;
            if random.once_in(3) {
                let precision = random.pick(&[0u16, 2, 3, 3]);
                control = 0x7f | precision << 8 | (random.below(4) as u16) << 10;
            }
            if random.once_in(3) {
                status |= random.bits() as u16 & 0x7f;
            } else if random.once_in(6) {
                control &= !(1 << random.below(6));
            }
        }
        let mut mxcsr = 0x1f80;
        if shape.class != Some(Class::Integer) {
            if random.once_in(3) {
                mxcsr |= (random.below(4) as u32) << 13;
            }
            if random.once_in(6) {
                mxcsr |= random.pick(&[0x40, 0x8000, 0x8040]);
            }
            if random.once_in(3) {
                mxcsr |= random.bits() as u32 & 0x3f;
            }
            if random.once_in(12) {
                mxcsr &= !(0x80 << random.below(6));
            }
        }
        // A store there would change what the processor goes on with after the
        // instruction, on its way back to the tool.
        for value in &mut general {
            if !self.is_16 && (CODE..CODE + CODE_SIZE as u64).contains(value) {
                *value ^= CODE;
            }
        }
        Machine {
            general,
            flags,
            pc: CODE,
            vectors,
            mxcsr,
            stack,
            control,
            status,
            tags,
            data,
            outcome: Outcome::Done,
            message: String::new(),
        }
    }
}

impl Generator {
    /// Where the data page is for what a pointer register points to: SP and BP
    /// into the stack segment, SI into DS, DI into ES.
    fn pointer_base(&self, register: usize) -> u64 {
        match register {
            _ if !self.is_16 => DATA,
            4 | 5 => OFFSETS[2],
            6 => OFFSETS[0],
            _ => OFFSETS[1],
        }
    }
}

/// Where the data page is in the segment of an operand of 16-bit code, by its
/// prefixes and its base.
fn data_offset(bytes: &[u8], base: Option<usize>) -> u64 {
    let prefixes =
        bytes.iter().take_while(|byte| matches!(byte, 0x26 | 0x36 | 0x3e | 0x66 | 0x67 | 0xf0 | 0xf2 | 0xf3));
    let selected = prefixes.filter(|byte| matches!(byte, 0x26 | 0x36 | 0x3e)).last();
    match (selected, base) {
        (Some(0x26), _) => OFFSETS[1],
        (Some(0x36), _) | (None, Some(4 | 5)) => OFFSETS[2],
        _ => OFFSETS[0],
    }
}

/// Fills bytes with numbers of one kind.
fn fill(random: &mut Random, bytes: &mut [u8], style: u64, small: bool) {
    if small {
        for lane in bytes.chunks_exact_mut(8) {
            let sign = random.bits() & 0x8000_0000_8000_0000;
            let value =
                if random.once_in(2) { random.below(16) | random.below(16) << 32 } else { random.below(16) };
            lane.copy_from_slice(&(value | if random.once_in(4) { sign } else { 0 }).to_le_bytes());
        }
        return;
    }
    for lane in bytes.chunks_exact_mut(8) {
        let value = match style {
            0 => random.integer(),
            1 => u64::from(random.single()) | u64::from(random.single()) << 32,
            2 => random.double(),
            3 => {
                let edge = |random: &mut Random| random.pick(&[0u64, 1, 0x7f, 0x80, 0x81, 0xff, 0x10]);
                (0..8).fold(0, |all, _| all << 8 | edge(random))
            }
            4 => {
                let edge =
                    |random: &mut Random| random.pick(&[0u64, 1, 0x7fff, 0x8000, 0x8001, 0xffff, 0xff, 0x80]);
                (0..4).fold(0, |all, _| all << 16 | edge(random))
            }
            _ => random.bits(),
        };
        lane.copy_from_slice(&value.to_le_bytes());
    }
}

/// Far jumps, and near jumps of 16 bits, which are not the same on all
/// processors.
fn is_foreign_jump(shape: &Shape) -> bool {
    let modrm = shape.bytes.iter().position(|byte| *byte == 0xff).and_then(|at| shape.bytes.get(at + 1));
    shape.opcode == (0, 0xff)
        && modrm.is_some_and(|modrm| match modrm >> 3 & 7 {
            2 | 4 => shape.bytes.contains(&0x66),
            3 | 5 => true,
            _ => false,
        })
}

/// Branches go a bit ahead, to breakpoints.
fn aim_branch(shape: &mut Shape, random: &mut Random, is_16: bool) {
    let length = shape.bytes.len();
    let (map, opcode) = shape.opcode;
    let ahead = 0x20 + random.below(0x40) as u8;
    match (map, opcode) {
        (0, 0x70..0x80 | 0xe0..0xe4 | 0xeb) => shape.bytes[length - 1] = ahead,
        (0, 0xe8 | 0xe9) | (1, 0x80..0x90) if is_16 && length >= 3 => {
            shape.bytes[length - 2..].copy_from_slice(&[ahead, 0]);
        }
        (0, 0xe8 | 0xe9) | (1, 0x80..0x90) if length >= 4 => {
            let at = length - if shape.bytes.first() == Some(&0x66) && length < 6 { 2 } else { 4 };
            for (index, byte) in shape.bytes[at..].iter_mut().enumerate() {
                *byte = if index == 0 { ahead } else { 0 };
            }
        }
        _ => {}
    }
}
