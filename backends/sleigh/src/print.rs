//! Printing instructions as Ghidra prints them.

use std::fmt::Write as _;

use crate::{decode::Decoder, layout};

/// How many pieces the text of an instruction may have.
const MAX_PIECES: u32 = 1 << 10;

impl Decoder {
    /// The last instruction as text: mnemonic, a space, operands.
    #[must_use]
    pub fn text(&self) -> String {
        let mut text = String::new();
        self.print(&mut text);
        text
    }

    /// Adds the last instruction to a text.
    pub fn print(&self, text: &mut String) {
        if !self.nodes.is_empty() {
            self.print_constructor(self.flow_through(), text, &mut MAX_PIECES.clone());
        }
    }

    /// The mnemonic of the last instruction.
    #[must_use]
    pub fn mnemonic(&self) -> String {
        let mut text = self.text();
        text.truncate(text.find(' ').unwrap_or(text.len()));
        text
    }

    /// The operand that a piece of the display of a constructor is.
    fn piece_operand(&self, index: usize, piece: u32) -> Option<usize> {
        let node = &self.nodes[index];
        let operand = piece & !layout::DISPLAY_OPERAND;
        let child = (node.first + operand.min(node.operands)) as usize;
        (operand < node.operands && child > index && child < self.nodes.len()).then_some(child)
    }

    /// The constructor that is displayed: those that only pass another one on
    /// are not seen.
    fn flow_through(&self) -> usize {
        let mut index = 0;
        loop {
            let display = self.language.offset(self.nodes[index].constructor + 4);
            let piece = self.language.word(display + 1);
            if self.language.word(display) != 1 || piece & layout::DISPLAY_OPERAND == 0 {
                return index;
            }
            match self.piece_operand(index, piece) {
                Some(child) if self.nodes[child].constructor != 0 => index = child,
                _ => return index,
            }
        }
    }

    /// The nodes of the operands: what is displayed behind the first blank.
    pub(crate) fn operand_nodes(&self) -> Vec<usize> {
        let mut found = Vec::new();
        if self.nodes.is_empty() {
            return found;
        }
        let index = self.flow_through();
        let display = self.language.offset(self.nodes[index].constructor + 4);
        let mut behind = false;
        for number in 0..self.language.offset(display).min(MAX_PIECES) {
            let piece = self.language.word(display + 1 + number);
            if piece & layout::DISPLAY_OPERAND == 0 {
                behind |= self.language.text(piece).contains(' ');
            } else if let Some(child) = self.piece_operand(index, piece)
                && behind
            {
                found.push(child);
            }
        }
        found
    }

    /// The operand that a constructor displays, if that is all it displays.
    pub(crate) fn only_part(&self, index: usize) -> Option<usize> {
        let display = self.language.offset(self.nodes[index].constructor + 4);
        if self.language.word(display) != 1 {
            return None;
        }
        let piece = self.language.word(display + 1);
        (piece & layout::DISPLAY_OPERAND != 0).then(|| self.piece_operand(index, piece))?
    }

    /// Adds an operand to a text.
    pub(crate) fn print_part(&self, index: usize, text: &mut String) {
        self.print_operand(index, text, &mut MAX_PIECES.clone());
    }

    fn print_constructor(&self, index: usize, text: &mut String, pieces: &mut u32) {
        let display = self.language.offset(self.nodes[index].constructor + 4);
        for number in 0..self.language.offset(display) {
            let Some(left) = pieces.checked_sub(1) else { return };
            *pieces = left;
            let piece = self.language.word(display + 1 + number);
            if piece & layout::DISPLAY_OPERAND == 0 {
                text.push_str(self.language.text(piece));
            } else if let Some(child) = self.piece_operand(index, piece) {
                self.print_operand(child, text, pieces);
            }
        }
    }

    fn print_operand(&self, index: usize, text: &mut String, pieces: &mut u32) {
        let node = &self.nodes[index];
        if node.constructor != 0 {
            self.print_constructor(index, text, pieces);
            return;
        }
        let language = &self.language;
        let register = |number: u32| language.registers.get(number as usize).map_or("", |it| &it.name);
        match language.word(node.operand) & 0xff {
            layout::operand::REGISTER => text.push_str(register(language.word(node.operand + 1))),
            kind @ (layout::operand::VARIABLES | layout::operand::NAMES) => {
                let raw = self.field(language, node.operand, node.offset).unwrap_or(0);
                let number = self.attached(language, node.operand, raw).unwrap_or(0) as u32;
                if kind == layout::operand::NAMES {
                    text.push_str(language.text(number));
                } else {
                    text.push_str(register(number));
                }
            }
            _ => {
                let value = self.node_value(index);
                let sign = if value < 0 { "-" } else { "" };
                let _ = write!(text, "{sign}{:#x}", value.unsigned_abs());
            }
        }
    }
}
