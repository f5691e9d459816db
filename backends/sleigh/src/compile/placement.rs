//! The patterns of constructors, and where in the instruction their operands
//! begin.

use super::{
    constructor::{CommitAddress, Constructor, ContextAction, Definition, DisplayPiece, Equation, Operand},
    expression::Expr,
    pattern::TokenPattern,
    symbols::{Place, Symbols},
};
use crate::error::Result;

/// How deep tables may refer to each other.
const MAX_TABLE_DEPTH: usize = 100;
/// How far a walk through an equation has come.
struct Walk {
    /// Where the next operand begins: after an operand, at the beginning, or
    /// nobody knows.
    base: Base,
    offset: u32,
    rightmost: Option<usize>,
    size: Option<u32>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Base {
    Beginning,
    After(usize),
    Unknown,
}

/// The patterns of all tables, made as they are needed.
pub(crate) struct PatternBuilder<'a, 'b> {
    pub(crate) symbols: &'a Symbols<'a>,
    pub(crate) constructors: &'a mut [Constructor<'b>],
    /// The constructors of each table.
    pub(crate) by_table: Vec<Vec<usize>>,
    tables: Vec<TableState>,
    depth: usize,
}

enum TableState {
    NotBuilt,
    BeingBuilt,
    Built(TokenPattern),
}

impl<'a, 'b> PatternBuilder<'a, 'b> {
    pub(crate) fn new(symbols: &'a Symbols<'a>, constructors: &'a mut [Constructor<'b>]) -> Self {
        let mut by_table = vec![Vec::new(); symbols.tables.len()];
        for (index, constructor) in constructors.iter().enumerate() {
            by_table[constructor.table].push(index);
        }
        let tables = symbols.tables.iter().map(|_| TableState::NotBuilt).collect();
        Self { symbols, constructors, by_table, tables, depth: 0 }
    }

    /// Builds the patterns of all constructors.
    pub(crate) fn build(&mut self) -> Result<()> {
        for table in 0..self.tables.len() {
            self.table(table)?;
        }
        Ok(())
    }

    /// What the constructors of a table have in common.
    fn table(&mut self, table: usize) -> Result<TokenPattern> {
        if let TableState::Built(pattern) = &self.tables[table] {
            return Ok(pattern.clone());
        }
        self.tables[table] = TableState::BeingBuilt;
        self.depth += 1;
        let mut common: Option<TokenPattern> = None;
        for index in self.by_table[table].clone() {
            self.constructor(index)?;
            let pattern = &self.constructors[index].pattern;
            common = Some(match common {
                None => pattern.clone(),
                Some(common) => pattern
                    .common(&common)
                    .map_err(|message| self.symbols.wrong(self.constructors[index].syntax.at, message))?,
            });
        }
        self.depth -= 1;
        let pattern = common.unwrap_or_default();
        self.tables[table] = TableState::Built(pattern.clone());
        Ok(pattern)
    }

    fn constructor(&mut self, index: usize) -> Result<()> {
        let at = self.constructors[index].syntax.at;
        let symbols = self.symbols;
        let wrong = |message: String| symbols.wrong(at, message);
        if self.depth > MAX_TABLE_DEPTH {
            return Err(wrong("tables refer to each other too deeply".to_owned()));
        }
        let mut recursive = false;
        let mut patterns: Vec<TokenPattern> = Vec::new();
        for operand in 0..self.constructors[index].operands.len() {
            let pattern = match self.constructors[index].operands[operand].definition.clone() {
                Some(Definition::Table(table)) => {
                    if matches!(self.tables[table], TableState::BeingBuilt) {
                        recursive = true;
                        TokenPattern::always()
                    } else {
                        self.table(table)?
                    }
                }
                Some(Definition::Field(field)) => match symbols.fields[field].place {
                    Place::Token(token, ..) => TokenPattern::any_token(token),
                    Place::Context(..) => TokenPattern::always(),
                },
                Some(Definition::Expression(expression)) => {
                    least(&expression, &patterns, symbols).map_err(wrong)?
                }
                _ => TokenPattern::always(),
            };
            let operand = &mut self.constructors[index].operands[operand];
            operand.minimum_length = pattern.length(&symbols.tokens);
            operand.is_variable = pattern.is_variable();
            patterns.push(pattern);
        }
        let mut walk = Walk { base: Base::Beginning, offset: 0, rightmost: None, size: None };
        let constructor = &mut self.constructors[index];
        let equation = std::mem::replace(&mut constructor.equation, Equation::Always);
        let mut pattern = equation.pattern(&patterns, symbols).map_err(wrong)?;
        place(&equation, &mut constructor.operands, &patterns, &mut walk, symbols).map_err(wrong)?;
        constructor.equation = equation;
        if recursive {
            pattern.right_ellipsis = true;
        }
        constructor.minimum_length = pattern.length(&symbols.tokens);
        constructor.pattern = pattern;
        // An operand after one of fixed length has a fixed place as well.
        for index in 0..constructor.operands.len() {
            let (mut base, mut offset) =
                (constructor.operands[index].base, constructor.operands[index].offset);
            while let Some(before) = base {
                let before = &constructor.operands[before];
                if before.is_variable {
                    break;
                }
                offset += before.minimum_length + before.offset;
                base = before.base;
            }
            if base.is_none() {
                constructor.operands[index].base = None;
                constructor.operands[index].offset = offset;
            }
        }
        constructor.reorder().map_err(wrong)?;
        if constructor.operands.iter().any(|operand| operand.offset > 255 || operand.minimum_length > 255)
            || constructor.minimum_length > 255
        {
            return Err(wrong("the instruction is longer than 255 bytes".to_owned()));
        }
        Ok(())
    }
}

/// The tokens that an expression needs.
fn least(
    expression: &Expr,
    operands: &[TokenPattern],
    symbols: &Symbols<'_>,
) -> Result<TokenPattern, String> {
    Ok(match expression {
        Expr::Operand(index) => {
            let pattern = operands.get(*index).cloned().unwrap_or_default();
            TokenPattern { alternatives: TokenPattern::always().alternatives, ..pattern }
        }
        Expr::Unary(_, inner) => least(inner, operands, symbols)?,
        Expr::Binary(_, left, right) => {
            let (left, right) = (least(left, operands, symbols)?, least(right, operands, symbols)?);
            // The expression takes no room of its own: what does not align
            // is of no concern.
            left.and(&right, &symbols.tokens).unwrap_or_default()
        }
        _ => TokenPattern::always(),
    })
}

impl Equation {
    /// The operands in the order of the pattern.
    fn operands(&self, found: &mut Vec<usize>) {
        match self {
            Self::Always | Self::Constraint(_) => {}
            Self::And(left, right) | Self::Or(left, right) | Self::Then(left, right) => {
                left.operands(found);
                right.operands(found);
            }
            Self::RightEllipsis(inner) | Self::LeftEllipsis(inner) => inner.operands(found),
            Self::Operand(index) => found.push(*index),
        }
    }

    /// The tokens and ellipses, without what is asked of them.
    fn shape(&self, operands: &[TokenPattern], symbols: &Symbols<'_>) -> Result<TokenPattern, String> {
        let tokens = &symbols.tokens;
        let bare = |pattern: &TokenPattern| TokenPattern {
            tokens: pattern.tokens.clone(),
            left_ellipsis: pattern.left_ellipsis,
            right_ellipsis: pattern.right_ellipsis,
            ..TokenPattern::always()
        };
        match self {
            Self::Always => Ok(TokenPattern::always()),
            Self::And(left, right) | Self::Or(left, right) => {
                left.shape(operands, symbols)?.and(&right.shape(operands, symbols)?, tokens)
            }
            Self::Then(left, right) => {
                left.shape(operands, symbols)?.then(&right.shape(operands, symbols)?, tokens)
            }
            Self::RightEllipsis(inner) => {
                Ok(TokenPattern { right_ellipsis: true, ..inner.shape(operands, symbols)? })
            }
            Self::LeftEllipsis(inner) => {
                Ok(TokenPattern { left_ellipsis: true, ..inner.shape(operands, symbols)? })
            }
            Self::Operand(index) => Ok(bare(&operands[*index])),
            Self::Constraint(pattern) => Ok(bare(pattern)),
        }
    }

    fn pattern(&self, operands: &[TokenPattern], symbols: &Symbols<'_>) -> Result<TokenPattern, String> {
        let tokens = &symbols.tokens;
        match self {
            Self::Always => Ok(TokenPattern::always()),
            Self::And(left, right) => {
                left.pattern(operands, symbols)?.and(&right.pattern(operands, symbols)?, tokens)
            }
            Self::Or(left, right) => {
                left.pattern(operands, symbols)?.or(&right.pattern(operands, symbols)?, tokens)
            }
            Self::Then(left, right) => {
                left.pattern(operands, symbols)?.then(&right.pattern(operands, symbols)?, tokens)
            }
            Self::RightEllipsis(inner) => {
                Ok(TokenPattern { right_ellipsis: true, ..inner.pattern(operands, symbols)? })
            }
            Self::LeftEllipsis(inner) => {
                Ok(TokenPattern { left_ellipsis: true, ..inner.pattern(operands, symbols)? })
            }
            Self::Operand(index) => Ok(operands[*index].clone()),
            Self::Constraint(pattern) => Ok(pattern.clone()),
        }
    }
}

/// Finds where each operand begins.
fn place(
    equation: &Equation,
    operands: &mut [Operand],
    patterns: &[TokenPattern],
    walk: &mut Walk,
    symbols: &Symbols<'_>,
) -> Result<(), String> {
    match equation {
        Equation::Always => {
            walk.rightmost = None;
            walk.size = Some(0);
        }
        Equation::Constraint(pattern) => {
            walk.rightmost = None;
            walk.size = (!pattern.is_variable()).then(|| pattern.length(&symbols.tokens));
        }
        Equation::Operand(index) => {
            let operand = &mut operands[*index];
            if operand.is_placeless {
                (operand.base, operand.offset) = (None, 0);
                return Ok(());
            }
            operand.base = match walk.base {
                Base::Beginning => None,
                Base::After(before) => Some(before),
                Base::Unknown => {
                    return Err(format!("where `{}` begins is not known", operand.name.text));
                }
            };
            operand.offset = walk.offset;
            walk.rightmost = Some(*index);
            walk.size = Some(0);
        }
        Equation::And(left, right) | Equation::Or(left, right) => {
            place(right, operands, patterns, walk, symbols)?;
            let kept = match (walk.rightmost, walk.size) {
                (Some(rightmost), Some(size)) => (Some(rightmost), Some(size)),
                _ => (None, None),
            };
            place(left, operands, patterns, walk, symbols)?;
            if walk.rightmost.is_none() || walk.size.is_none() {
                (walk.rightmost, walk.size) = kept;
            }
        }
        Equation::Then(left, right) => {
            place(left, operands, patterns, walk, symbols)?;
            let (base, offset) = (walk.base, walk.offset);
            let pattern = left.shape(patterns, symbols)?;
            if !pattern.is_variable() {
                walk.offset += pattern.length(&symbols.tokens);
            } else if let Some(rightmost) = walk.rightmost {
                walk.base = Base::After(rightmost);
                walk.offset = walk.size.unwrap_or(0);
            } else if let Some(size) = walk.size {
                walk.offset += size;
            } else {
                walk.base = Base::Unknown;
            }
            let (rightmost, size) = (walk.rightmost, walk.size);
            place(right, operands, patterns, walk, symbols)?;
            (walk.base, walk.offset) = (base, offset);
            if walk.rightmost.is_none()
                && let (Some(now), Some(_), Some(before)) = (walk.size, rightmost, size)
            {
                walk.rightmost = rightmost;
                walk.size = Some(now + before);
            }
        }
        Equation::LeftEllipsis(inner) => {
            let base = std::mem::replace(&mut walk.base, Base::Unknown);
            place(inner, operands, patterns, walk, symbols)?;
            walk.base = base;
        }
        Equation::RightEllipsis(inner) => {
            place(inner, operands, patterns, walk, symbols)?;
            walk.size = None;
        }
    }
    Ok(())
}

impl Constructor<'_> {
    /// Puts the operands in the order in which they are decoded: that of the
    /// pattern, but none before the one that it begins after; expressions
    /// come last.
    fn reorder(&mut self) -> Result<(), String> {
        let mut wanted = Vec::with_capacity(self.operands.len());
        self.equation.operands(&mut wanted);
        wanted.extend(0..self.operands.len());
        let mut numbers: Vec<Option<usize>> = vec![None; self.operands.len()];
        let mut order = Vec::with_capacity(self.operands.len());
        loop {
            let before = order.len();
            for index in &wanted {
                let operand = &self.operands[*index];
                if numbers[*index].is_none()
                    && !operand.is_placeless
                    && operand.base.is_none_or(|base| numbers[base].is_some())
                {
                    numbers[*index] = Some(order.len());
                    order.push(*index);
                }
            }
            if order.len() == before {
                break;
            }
        }
        for index in &wanted {
            if numbers[*index].is_none() && self.operands[*index].is_placeless {
                numbers[*index] = Some(order.len());
                order.push(*index);
            }
        }
        let numbers: Vec<usize> = numbers.iter().flatten().copied().collect();
        if numbers.len() < self.operands.len() {
            return Err("operands begin after each other in a circle".to_owned());
        }
        self.operands = order.iter().map(|index| self.operands[*index].clone()).collect();
        for operand in &mut self.operands {
            operand.base = operand.base.map(|base| numbers[base]);
            if let Some(Definition::Expression(expression)) = &mut operand.definition {
                expression.renumber(&numbers);
            }
        }
        for piece in &mut self.display {
            if let DisplayPiece::Operand(index) = piece {
                *index = numbers[*index];
            }
        }
        for action in &mut self.actions {
            match action {
                ContextAction::Set(_, _, value) => value.renumber(&numbers),
                ContextAction::Commit(CommitAddress::Operand(index), ..) => *index = numbers[*index],
                ContextAction::Commit(..) => {}
            }
        }
        self.mentioned = numbers;
        Ok(())
    }
}
