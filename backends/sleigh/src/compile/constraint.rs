//! Constraints: a field compared with an expression.

use super::{
    expression::apply,
    pattern::{MAX_ALTERNATIVES, TokenPattern},
    symbols::{Field, Place, Symbol, Symbols},
};
use crate::{
    error::Result,
    spec::{source::Position, syntax::*},
};

/// How a field is compared with an expression.
pub(crate) fn constraint(
    symbols: &Symbols<'_>,
    field: usize,
    comparison: Comparison,
    expression: &Expression,
    at: Position,
) -> Result<TokenPattern> {
    let definition = &symbols.fields[field];
    let mut variables = Vec::new();
    collect_fields(symbols, expression, &mut variables)?;
    if variables.is_empty() {
        let value = evaluate(symbols, expression, &[])?;
        let ranges = matching(definition, comparison, value);
        return Ok(TokenPattern::field(definition.place, &symbols.tokens, &ranges));
    }
    // The expression has fields in it: every combination of their values is
    // an alternative.
    let widths: Vec<u32> = variables.iter().map(|field| width(&symbols.fields[*field])).collect();
    let bits: u32 = widths.iter().sum();
    if bits > 12 {
        return Err(symbols.wrong(at, "the fields of the constraint have more than 12 bits in all"));
    }
    let mut result: Option<TokenPattern> = None;
    for combination in 0..1u64 << bits {
        let mut rest = combination;
        let mut pattern = TokenPattern::always();
        let mut values = Vec::with_capacity(variables.len());
        for (variable, width) in variables.iter().zip(&widths) {
            let raw = rest & ((1 << width) - 1);
            rest >>= width;
            let variable_field = &symbols.fields[*variable];
            values.push((*variable, signed_value(variable_field, raw)));
            let single = TokenPattern::field(variable_field.place, &symbols.tokens, &[(raw, raw)]);
            pattern = pattern.and(&single, &symbols.tokens).map_err(|message| symbols.wrong(at, message))?;
        }
        let value = evaluate(symbols, expression, &values)?;
        let ranges = matching(definition, comparison, value);
        let own = TokenPattern::field(definition.place, &symbols.tokens, &ranges);
        let both = pattern.and(&own, &symbols.tokens).map_err(|message| symbols.wrong(at, message))?;
        result = Some(match result {
            None => both,
            // All of them are of the same fields, so they align.
            Some(mut result) => {
                result.alternatives.extend(both.alternatives);
                result
            }
        });
    }
    match result {
        Some(result) if result.alternatives.len() > MAX_ALTERNATIVES => {
            let message = format!("the constraint has more than {MAX_ALTERNATIVES} alternatives");
            Err(symbols.wrong(at, message))
        }
        result => Ok(result.unwrap_or_default()),
    }
}

fn width(field: &Field) -> u32 {
    match field.place {
        Place::Token(_, low, high) => high - low + 1,
        Place::Context(high, low) => low - high + 1,
    }
}

fn signed_value(field: &Field, raw: u64) -> i64 {
    let unused = 64 - width(field);
    if field.signed { (raw << unused) as i64 >> unused } else { raw as i64 }
}

/// The raw values of a field for which the comparison holds, as ranges.
///
/// For equality the raw bits are compared, so that `255` and `-1` are the
/// same for a signed byte.
fn matching(field: &Field, comparison: Comparison, value: i64) -> Vec<(u64, u64)> {
    let width = width(field);
    let all = if width == 64 { u64::MAX } else { (1 << width) - 1 };
    let raw = value as u64 & all;
    let fits = value as u64 <= all
        || (value < 0 && (value as u64 | all) == u64::MAX && value >> (width - 1).min(63) == -1);
    match comparison {
        Comparison::Equal => return if fits { vec![(raw, raw)] } else { Vec::new() },
        Comparison::NotEqual => {
            let mut ranges = Vec::new();
            if !fits {
                return vec![(0, all)];
            }
            if raw > 0 {
                ranges.push((0, raw - 1));
            }
            if raw < all {
                ranges.push((raw + 1, all));
            }
            return ranges;
        }
        _ => {}
    }
    // The values from `first` to `last` match.
    let (minimum, maximum) = if field.signed {
        (signed_value(field, 1 << (width - 1)), (all >> 1) as i64)
    } else {
        (0, all.min(i64::MAX as u64) as i64)
    };
    let (first, last) = match comparison {
        Comparison::Less => (minimum, value.saturating_sub(1)),
        Comparison::LessEqual => (minimum, value),
        Comparison::Greater => (value.saturating_add(1), maximum),
        _ => (value, maximum),
    };
    let (first, last) = (first.max(minimum), last.min(maximum));
    if first > last {
        return Vec::new();
    }
    if first < 0 && last >= 0 {
        return vec![(0, last as u64), (first as u64 & all, all)];
    }
    vec![(first as u64 & all, last as u64 & all)]
}

fn collect_fields(symbols: &Symbols<'_>, expression: &Expression, fields: &mut Vec<usize>) -> Result<()> {
    match expression {
        Expression::Integer(_) => Ok(()),
        Expression::Unary(_, inner) => collect_fields(symbols, inner, fields),
        Expression::Binary(_, left, right) => {
            collect_fields(symbols, left, fields)?;
            collect_fields(symbols, right, fields)
        }
        Expression::Symbol(name) => match symbols.names.get(&name.text) {
            Some(Symbol::Field(field)) => {
                if !fields.contains(field) {
                    fields.push(*field);
                }
                Ok(())
            }
            _ => Err(symbols.wrong(name.at, format!("`{}` is not a field", name.text))),
        },
    }
}

fn evaluate(symbols: &Symbols<'_>, expression: &Expression, values: &[(usize, i64)]) -> Result<i64> {
    Ok(match expression {
        Expression::Integer(value) => *value as i64,
        Expression::Unary(UnaryOperator::Negate, inner) => evaluate(symbols, inner, values)?.wrapping_neg(),
        Expression::Unary(UnaryOperator::Not, inner) => !evaluate(symbols, inner, values)?,
        Expression::Binary(operator, left, right) => {
            apply(*operator, evaluate(symbols, left, values)?, evaluate(symbols, right, values)?)
        }
        Expression::Symbol(name) => {
            let Some(Symbol::Field(field)) = symbols.names.get(&name.text) else {
                return Err(symbols.wrong(name.at, format!("`{}` is not a field", name.text)));
            };
            values.iter().find(|(variable, _)| variable == field).map_or(0, |(_, value)| *value)
        }
    })
}
