//! Arithmetic as the shell has it (XCU 2.6.4): signed numbers of 64 bits and
//! the operators of C, but for assignments.

/// Parentheses inside one another.
const DEEPEST: u32 = 64;

/// Binary operators, those that bind least first.
const LEVELS: [&[&[u8]]; 10] = [
    &[b"||"],
    &[b"&&"],
    &[b"|"],
    &[b"^"],
    &[b"&"],
    &[b"==", b"!="],
    &[b"<=", b">=", b"<", b">"],
    &[b"<<", b">>"],
    &[b"+", b"-"],
    &[b"*", b"/", b"%"],
];

struct Parser<'a> {
    text: &'a [u8],
    variable: &'a mut dyn FnMut(&[u8]) -> Option<Vec<u8>>,
    depth: u32,
}

/// The value of an expression; `None` if it is none, or divides by zero.
pub(super) fn evaluate(text: &[u8], variable: &mut dyn FnMut(&[u8]) -> Option<Vec<u8>>) -> Option<i64> {
    let mut parser = Parser { text, variable, depth: 0 };
    parser.space();
    // What is empty is 0, as in shells.
    if parser.text.is_empty() {
        return Some(0);
    }
    let value = parser.choice()?;
    parser.text.is_empty().then_some(value)
}

fn number(text: &[u8]) -> Option<i64> {
    let text = std::str::from_utf8(text).ok()?;
    let (digits, base) = match text.as_bytes() {
        [b'0', b'x' | b'X', ..] => (&text[2..], 16),
        [b'0', _, ..] => (&text[1..], 8),
        _ => (text, 10),
    };
    i64::from_str_radix(digits, base).ok()
}

impl Parser<'_> {
    fn space(&mut self) {
        self.text = self.text.trim_ascii_start();
    }

    fn takes(&mut self, token: &[u8]) -> bool {
        let found = self.text.starts_with(token);
        if found {
            self.text = &self.text[token.len()..];
            self.space();
        }
        found
    }

    /// An operator of a level, if it is next and no longer one is.
    fn operator(&mut self, level: usize) -> Option<&'static [u8]> {
        let longer =
            |token: &[u8]| matches!(token, b"<" | b">" | b"|" | b"&") && self.text.get(1) == Some(&token[0]);
        let found = LEVELS[level].iter().find(|token| self.text.starts_with(token) && !longer(token))?;
        self.takes(found);
        Some(found)
    }

    fn choice(&mut self) -> Option<i64> {
        self.depth += 1;
        if self.depth > DEEPEST {
            return None;
        }
        let mut value = self.binary(0)?;
        if self.takes(b"?") {
            let yes = self.choice()?;
            if !self.takes(b":") {
                return None;
            }
            let no = self.choice()?;
            value = if value != 0 { yes } else { no };
        }
        self.depth -= 1;
        Some(value)
    }

    fn binary(&mut self, level: usize) -> Option<i64> {
        if level == LEVELS.len() {
            return self.unary();
        }
        let mut left = self.binary(level + 1)?;
        while let Some(operator) = self.operator(level) {
            let right = self.binary(level + 1)?;
            left = match operator {
                b"||" => i64::from(left != 0 || right != 0),
                b"&&" => i64::from(left != 0 && right != 0),
                b"|" => left | right,
                b"^" => left ^ right,
                b"&" => left & right,
                b"==" => i64::from(left == right),
                b"!=" => i64::from(left != right),
                b"<=" => i64::from(left <= right),
                b">=" => i64::from(left >= right),
                b"<" => i64::from(left < right),
                b">" => i64::from(left > right),
                b"<<" => left.wrapping_shl(right as u32),
                b">>" => left.wrapping_shr(right as u32),
                b"+" => left.wrapping_add(right),
                b"-" => left.wrapping_sub(right),
                b"*" => left.wrapping_mul(right),
                b"/" => left.checked_div(right)?,
                _ => left.checked_rem(right)?,
            };
        }
        Some(left)
    }

    fn unary(&mut self) -> Option<i64> {
        let mut signs = Vec::new();
        while let Some(sign) = self.text.first().copied().filter(|byte| b"+-!~".contains(byte)) {
            signs.push(sign);
            self.takes(&[sign]);
        }
        let mut value = self.primary()?;
        for sign in signs.into_iter().rev() {
            value = match sign {
                b'-' => value.wrapping_neg(),
                b'!' => i64::from(value == 0),
                b'~' => !value,
                _ => value,
            };
        }
        Some(value)
    }

    fn primary(&mut self) -> Option<i64> {
        if self.takes(b"(") {
            let value = self.choice()?;
            return self.takes(b")").then_some(value);
        }
        let length =
            self.text.iter().take_while(|byte| byte.is_ascii_alphanumeric() || **byte == b'_').count();
        let (word, rest) = self.text.split_at(length);
        self.text = rest;
        self.space();
        match word.first()? {
            byte if byte.is_ascii_digit() => number(word),
            // A variable that is not set, or empty, is 0.
            _ => match (self.variable)(word) {
                Some(value) if !value.is_empty() => number(value.trim_ascii()),
                _ => Some(0),
            },
        }
    }
}

#[cfg(test)]
mod tests {
    /// What `sh -c 'echo $((…))'` prints (dash 0.5.12).
    #[test]
    fn as_a_shell() {
        for (text, value) in [
            ("1 + 2 * 3", Some(7)),
            ("(1 + 2) * 3", Some(9)),
            ("-7 / 2", Some(-3)),
            ("-7 % 3", Some(-1)),
            ("1 << 4 | 3", Some(19)),
            ("!0 + ~0", Some(0)),
            ("3 > 2 && 2 >= 2", Some(1)),
            ("0x1F + 010", Some(39)),
            ("5 ? 6 : 7", Some(6)),
            ("SEVEN * 2", Some(14)),
            ("NONE", Some(0)),
            ("", Some(0)),
            ("1 / 0", None),
            ("1 +", None),
            ("(1", None),
            ("1 2", None),
        ] {
            let mut variable = |name: &[u8]| (name == b"SEVEN").then(|| b"7".to_vec());
            assert_eq!(super::evaluate(text.as_bytes(), &mut variable), value, "{text}");
        }
    }

    #[test]
    fn parentheses_have_an_end() {
        let text = "(".repeat(100_000);
        assert_eq!(super::evaluate(text.as_bytes(), &mut |_| None), None);
    }
}
