//! [`Causes`]: why instructions end differently on the native engine and on a
//! reference, as the files of `tests/lockstep-causes` tell.
//!
//! A file holds rules with empty lines between them. A rule is lines of
//! `name: value`; a line that begins with spaces continues the one before.
//!
//! | name | value |
//! |---|---|
//! | `rule` | its name |
//! | `platforms` | platforms, or `*` within a name |
//! | `against` | references |
//! | `mnemonics` | mnemonics, `*` standing for anything |
//! | `texts` | optional: the printed instruction, likewise; several are parted by `;` |
//! | `codes` | optional: `value/mask` of the first bytes, in hexadecimal digits |
//! | `when` | optional: `register&mask=value` before the instruction; `!=` as well |
//! | `ends` | how it ends on both sides: `Done / Invalid`; several are parted by `;` |
//! | `changes` | or what may differ, and after `+` what does: registers (`fpscr&0x1f` for bits, `&above` for those above the lowest 64, `f#` for numbered ones), `pc` (`stay` if it stays on the reference), `memory`, `stores` |
//! | `operands` | optional: `unextended`, if a register of MIPS that the text names holds no word extended by its sign |
//! | `same` | optional: `4:0=9:5`, fields of the code that are equal, or `15:0[19:16]`, a bit that is set in a field and its number in another, numbered as in the manual; one of several |
//! | `nans` | optional: the registers of `changes` without bits differ in NaNs of so many bytes on both sides |
//! | `fault` | whose it is, see [`Fault`] |
//! | `manual` | the manual's section |
//! | `because` | what the sides do |
//! | `reproducer` | bytes of an instruction of the first platform |

use std::{fs, path::PathBuf};

use terrella_emulator_api::{Platform, RegisterValue};
use terrella_platforms::ByteOrder;

use super::{
    Change, Difference, Ending,
    operands::{Same, is_any, is_like, is_register, names_unextended},
    sample::THUMB,
};

/// Whose fault a difference is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Fault {
    /// The native engine's: a limitation.
    Ours,
    /// The reference's: a fault, or something that it lacks.
    Theirs,
    /// The manual leaves it open: it is unpredictable, undefined, reserved, or
    /// the implementation's choice.
    Open,
    /// Neither's: the comparison cannot give both sides the same state, rights
    /// or system.
    Comparison,
}

impl Fault {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Ours, Self::Theirs, Self::Open, Self::Comparison];

    /// The word of the files.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Ours => "ours",
            Self::Theirs => "theirs",
            Self::Open => "open",
            Self::Comparison => "comparison",
        }
    }
}

/// The value of a register before the instruction.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Condition {
    register: String,
    mask: u64,
    value: u64,
    is_equal: bool,
}

/// What differs, as a rule describes it.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Pattern {
    Ends(Vec<(String, String)>),
    /// Names, and the bits of them that may differ: none of the lowest 64 are those
    /// above.
    Changes {
        allowed: Vec<(String, u64)>,
        needed: Vec<String>,
    },
}

/// Why some instructions differ.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rule {
    /// The name.
    pub name: String,
    /// The family: the name of the file.
    pub family: String,
    /// Patterns of platforms.
    pub platforms: Vec<String>,
    /// References.
    pub against: Vec<String>,
    /// Patterns of mnemonics.
    pub mnemonics: Vec<String>,
    texts: Vec<String>,
    codes: Vec<(Vec<u8>, Vec<u8>)>,
    when: Vec<Condition>,
    unextended: bool,
    same: Vec<Same>,
    nans: Vec<usize>,
    pattern: Pattern,
    /// Whose fault it is.
    pub fault: Fault,
    /// The manual's section.
    pub manual: String,
    /// What the sides do.
    pub because: String,
    /// An instruction for which the rule was made.
    pub reproducer: Vec<u8>,
}

/// An instruction whose outcome differs.
pub struct Case<'a> {
    /// The platform.
    pub platform: Platform,
    /// The reference.
    pub against: &'a str,
    /// The mnemonic.
    pub mnemonic: &'a str,
    /// The whole text.
    pub text: &'a str,
    /// The bytes.
    pub bytes: &'a [u8],
    /// Registers before the instruction.
    pub registers: &'a [(&'a str, RegisterValue)],
    /// What differs.
    pub difference: &'a Difference,
}

/// The bytes of an instruction with the most significant first: of words that
/// lie the other way round those of each word, which is a half-word on Thumb.
fn ordered(platform: Platform, is_thumb: bool, bytes: &[u8]) -> Vec<u8> {
    use terrella_platforms::Architecture as A;
    let unit = match (platform.architecture(), platform.byte_order()) {
        (_, ByteOrder::Big) | (A::I386 | A::X86_64 | A::X86_16, _) => 1,
        (A::ArmV6M | A::ArmV7M | A::Msp430 | A::Msp430X, _) => 2,
        _ if is_thumb => 2,
        _ => bytes.len().max(1),
    };
    bytes.chunks(unit).flat_map(|unit| unit.iter().rev().copied()).collect()
}

fn end_is(pattern: &str, ending: &Ending) -> bool {
    is_like(pattern, &ending.to_string()) || pattern == format!("{:?}", ending.kind)
}

impl Rule {
    /// Whether the rule is one of a platform and reference.
    #[must_use]
    pub fn is_of(&self, platform: Platform, against: &str) -> bool {
        is_any(&self.platforms, platform.name()) && is_any(&self.against, against)
    }

    /// Whether the rule speaks of an instruction, whatever it did.
    #[must_use]
    pub fn is_about(&self, platform: Platform, mnemonic: &str, text: &str, bytes: &[u8]) -> bool {
        let bytes = ordered(platform, mnemonic.starts_with(THUMB), bytes);
        is_any(&self.mnemonics, mnemonic)
            && (self.texts.is_empty() || is_any(&self.texts, text))
            && (self.codes.is_empty()
                || self.codes.iter().any(|(value, mask)| {
                    let masked = bytes.iter().zip(mask).map(|(byte, mask)| byte & mask);
                    bytes.len() >= mask.len() && masked.eq(value.iter().copied())
                }))
            && (self.same.is_empty() || self.same.iter().any(|it| it.holds(&bytes)))
    }

    fn explains(&self, case: &Case<'_>) -> bool {
        let holds = |it: &Condition| {
            let found = case.registers.iter().find(|(name, _)| *name == it.register);
            found.is_some_and(|(_, value)| (value.low_u64() & it.mask == it.value) == it.is_equal)
        };
        self.is_of(case.platform, case.against)
            && self.is_about(case.platform, case.mnemonic, case.text, case.bytes)
            && self.when.iter().all(holds)
            && (!self.unextended || names_unextended(case))
            && match (&self.pattern, case.difference) {
                (Pattern::Ends(ends), Difference::Ends { own, other }) => {
                    ends.iter().any(|(left, right)| end_is(left, own) && end_is(right, other))
                }
                (Pattern::Changes { allowed, needed }, Difference::Changes(changes)) => {
                    let is_there = |name: &String| changes.iter().any(|it| is_register(name, &it.what));
                    let may_be = |change: &Change| {
                        let (bits, more) = change.bits;
                        allowed.iter().any(|(name, mask)| {
                            is_register(name, &change.what)
                                && bits & !mask == 0
                                && (!more || matches!(*mask, 0 | u64::MAX))
                                && (*mask != u64::MAX || self.has_nans(change))
                        })
                    };
                    needed.iter().all(is_there) && changes.iter().all(may_be)
                }
                _ => false,
            }
    }

    /// Whether a register differs in NaNs alone, if that is asked for.
    fn has_nans(&self, change: &Change) -> bool {
        self.nans.is_empty() || self.nans.iter().any(|size| change.is_of_nans(*size))
    }

    /// The arguments of `lockstep` that show the rule's instruction.
    #[must_use]
    pub fn code(&self) -> String {
        self.reproducer.iter().map(|byte| format!("{byte:02x}")).collect()
    }

    /// What may differ, to be read.
    #[must_use]
    pub fn what(&self) -> String {
        let parts: Vec<String> = match &self.pattern {
            Pattern::Ends(ends) => ends.iter().map(|(left, right)| format!("{left} / {right}")).collect(),
            Pattern::Changes { allowed, .. } => {
                let change = |(name, mask): &(String, u64)| match *mask {
                    u64::MAX => name.clone(),
                    0 => format!("{name} above 64 bits"),
                    mask => format!("{name} & {mask:#x}"),
                };
                allowed.iter().map(change).collect()
            }
        };
        let kind = if self.nans.is_empty() { "" } else { ", which are NaNs" };
        format!("{}{kind}", parts.join("; "))
    }
}

/// All rules.
#[derive(Debug, Clone, Default)]
pub struct Causes(pub Vec<Rule>);

impl Causes {
    /// Those of the files of `tests/lockstep-causes`.
    ///
    /// # Errors
    /// A file that cannot be read, or what is wrong in which rule.
    pub fn load() -> Result<Self, String> {
        let folder = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/lockstep-causes"));
        let failed = |error: std::io::Error| format!("{}: {error}", folder.display());
        let entries = fs::read_dir(&folder).map_err(failed)?;
        let mut paths =
            entries.map(|it| Ok(it.map_err(failed)?.path())).collect::<Result<Vec<PathBuf>, String>>()?;
        paths.sort();
        let mut rules = Vec::new();
        for path in paths.iter().filter(|path| path.extension().is_some_and(|it| it == "txt")) {
            let family = path.file_stem().unwrap_or_default().to_string_lossy();
            let text = fs::read_to_string(path).map_err(|error| format!("{}: {error}", path.display()))?;
            rules.extend(parse(&family, &text).map_err(|error| format!("{}: {error}", path.display()))?);
        }
        Ok(Self(rules))
    }

    /// The first rule that explains a case.
    #[must_use]
    pub fn explain(&self, case: &Case<'_>) -> Option<&Rule> {
        self.0.iter().find(|rule| rule.explains(case))
    }
}

/// The rules of a file.
fn parse(family: &str, text: &str) -> Result<Vec<Rule>, String> {
    let mut rules = Vec::new();
    let mut fields: Vec<(String, String)> = Vec::new();
    for line in text.lines().chain([""]).filter(|line| !line.starts_with('#')) {
        if line.trim().is_empty() {
            if !fields.is_empty() {
                let name = fields[0].1.clone();
                rules.push(rule(family, &fields).map_err(|error| format!("{name}: {error}"))?);
                fields.clear();
            }
        } else if let Some(rest) = line.strip_prefix(' ') {
            let (_, last) = fields.last_mut().ok_or_else(|| format!("{line:?} continues nothing"))?;
            last.push(' ');
            last.push_str(rest.trim());
        } else {
            let (name, value) = line.split_once(':').ok_or_else(|| format!("{line:?} has no colon"))?;
            fields.push((name.trim().to_owned(), value.trim().to_owned()));
        }
    }
    Ok(rules)
}

const FIELDS: [&str; 16] = [
    "rule",
    "platforms",
    "against",
    "mnemonics",
    "texts",
    "codes",
    "when",
    "operands",
    "same",
    "nans",
    "ends",
    "changes",
    "fault",
    "manual",
    "because",
    "reproducer",
];

fn rule(family: &str, fields: &[(String, String)]) -> Result<Rule, String> {
    if let Some((index, (name, _))) = fields.iter().enumerate().find(|(at, (name, _))| {
        !FIELDS.contains(&name.as_str()) || fields[..*at].iter().any(|it| it.0 == *name)
    }) {
        return Err(format!("line {index}, `{name}`, is unknown or there twice"));
    }
    let optional = |name: &str| fields.iter().find(|it| it.0 == name).map(|it| it.1.as_str());
    let field =
        |name: &str| optional(name).filter(|it| !it.is_empty()).ok_or_else(|| format!("`{name}` is missing"));
    let words = |text: &str| text.split_whitespace().map(str::to_owned).collect::<Vec<_>>();
    let parts = |text: &str| text.split(';').map(|it| it.trim().to_owned()).collect::<Vec<_>>();
    let pattern = match (optional("ends"), optional("changes")) {
        (Some(ends), None) => {
            let pair = |part: &String| {
                let (left, right) = part.split_once(" / ")?;
                Some((left.trim().to_owned(), right.trim().to_owned()))
            };
            let ends: Option<Vec<_>> = parts(ends).iter().map(pair).collect();
            Pattern::Ends(ends.ok_or("`ends` are not `own / other`")?)
        }
        (None, Some(changes)) => {
            let change = |word: &str| match word.trim_start_matches('+').split_once('&') {
                Some((name, "above")) => Ok((name.to_owned(), 0)),
                Some((name, mask)) => Ok((name.to_owned(), number(mask)?)),
                None => Ok((word.trim_start_matches('+').to_owned(), u64::MAX)),
            };
            let needed =
                words(changes).iter().filter_map(|it| Some(it.strip_prefix('+')?.to_owned())).collect();
            let allowed = changes.split_whitespace().map(change).collect::<Result<_, String>>()?;
            Pattern::Changes { allowed, needed }
        }
        _ => return Err("either `ends` or `changes` is needed".to_owned()),
    };
    let code = |word: &str| {
        let (value, mask) = word.split_once('/').ok_or_else(|| format!("{word} is not `value/mask`"))?;
        let (value, mask) = (bytes(value)?, bytes(mask)?);
        let is_within =
            value.len() == mask.len() && value.iter().zip(&mask).all(|(it, mask)| it & !mask == 0);
        if is_within { Ok((value, mask)) } else { Err(format!("{word}: the value is not within the mask")) }
    };
    let fault = field("fault")?;
    Ok(Rule {
        name: field("rule")?.to_owned(),
        family: family.to_owned(),
        platforms: words(field("platforms")?),
        against: words(field("against")?),
        mnemonics: words(field("mnemonics")?),
        texts: optional("texts").map(parts).unwrap_or_default(),
        codes: optional("codes")
            .unwrap_or_default()
            .split_whitespace()
            .map(code)
            .collect::<Result<_, _>>()?,
        when: optional("when")
            .unwrap_or_default()
            .split_whitespace()
            .map(condition)
            .collect::<Result<_, _>>()?,
        unextended: match optional("operands") {
            None => false,
            Some("unextended") => true,
            Some(other) => return Err(format!("operands are not {other}")),
        },
        same: optional("same")
            .unwrap_or_default()
            .split_whitespace()
            .map(Same::parse)
            .collect::<Result<_, _>>()?,
        nans: optional("nans")
            .unwrap_or_default()
            .split_whitespace()
            .map(|size| match size {
                "2" | "4" | "8" => Ok(usize::from(size.as_bytes()[0] - b'0')),
                _ => Err(format!("there are no NaNs of {size} bytes")),
            })
            .collect::<Result<_, _>>()?,
        pattern,
        fault: Fault::ALL.into_iter().find(|it| it.name() == fault).ok_or(format!("fault {fault:?}"))?,
        manual: field("manual")?.to_owned(),
        because: field("because")?.to_owned(),
        reproducer: bytes(field("reproducer")?)?,
    })
}

fn number(text: &str) -> Result<u64, String> {
    let (digits, radix) = text.strip_prefix("0x").map_or((text, 10), |digits| (digits, 16));
    u64::from_str_radix(digits, radix).map_err(|error| format!("{text}: {error}"))
}

fn condition(word: &str) -> Result<Condition, String> {
    let (left, value) = word.split_once('=').ok_or_else(|| format!("{word} is no comparison"))?;
    let (left, is_equal) = left.strip_suffix('!').map_or((left, true), |left| (left, false));
    let (register, mask) = match left.split_once('&') {
        Some((register, mask)) => (register, number(mask)?),
        None => (left, u64::MAX),
    };
    Ok(Condition { register: register.to_owned(), mask, value: number(value)?, is_equal })
}

fn bytes(text: &str) -> Result<Vec<u8>, String> {
    let byte = |at| text.get(at..at + 2).and_then(|pair| u8::from_str_radix(pair, 16).ok());
    let bytes: Option<Vec<u8>> = (0..text.len()).step_by(2).map(byte).collect();
    bytes.ok_or_else(|| format!("{text} are no bytes"))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use terrella_sleigh::Decoder;

    use super::{
        super::{Against, Kind, plan::is_compressed, sample::mode_bits},
        *,
    };

    /// Mnemonic and text of an instruction, if it is one.
    fn decoded(platform: Platform, code: &[u8], prefix: &str) -> Option<(String, String)> {
        let entry = terrella_sleigh_languages::entry_of(platform)?;
        let processor = terrella_sleigh_languages::load(entry.name).ok()?;
        let mut decoder = Decoder::new(processor.language.clone());
        let (mut bytes, mut context) = (code.to_vec(), processor.context);
        bytes.resize(16, 0);
        if let Some((high, low)) =
            mode_bits(platform, &processor).filter(|_| prefix == THUMB || is_compressed(platform))
        {
            context.set(high, low, 1);
        }
        let length = decoder.decode(0x2_0000, &bytes, context).ok()?;
        (length <= code.len()).then(|| (format!("{prefix}{}", decoder.mnemonic()), decoder.text()))
    }

    #[test]
    fn reproducers_are_what_the_rules_speak_of() {
        let causes = Causes::load().expect("the files can be read");
        let (mut names, mut wrong) = (BTreeSet::new(), Vec::new());
        for rule in &causes.0 {
            assert!(names.insert(&rule.name), "{} is there twice", rule.name);
            assert!(rule.against.iter().all(|name| Against::ALL.iter().any(|it| it.name() == name)));
            for pattern in &rule.platforms {
                let is_known = Platform::ALL.iter().any(|it| is_like(pattern, it.name()));
                assert!(is_known, "{}: no platform is {pattern}", rule.name);
            }
            let platform = Platform::ALL.iter().find(|it| is_like(&rule.platforms[0], it.name()));
            let platform = *platform.expect("a platform");
            // Compared as well is what cannot be decoded, if it is asked for.
            let none = || ("none".to_owned(), "none".to_owned());
            let prefix = if rule.mnemonics[0].starts_with(THUMB) { THUMB } else { "" };
            let (mnemonic, text) = decoded(platform, &rule.reproducer, prefix).unwrap_or_else(none);
            if !rule.is_about(platform, &mnemonic, &text, &rule.reproducer) {
                wrong.push(format!("{}: {} is {mnemonic}, {text:?} on {platform}", rule.name, rule.code()));
            }
        }
        assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    }

    const RULE: &str = "rule: one\nplatforms: ppc*\nagainst: unicorn\nmnemonics: div*\n\
                        codes: 7c0003d6/fc0007fe\nwhen: so=1\nchanges: r# xer&0x80000000\nfault: open\n\
                        manual: none\nbecause: of\n this\nreproducer: 7c0003d6\n";

    #[test]
    fn a_rule_explains_what_it_names_and_nothing_else() {
        let causes = Causes(parse("test", RULE).expect("a rule"));
        assert_eq!(causes.0[0].because, "of this");
        let change =
            |what: &str, bits| Change { what: what.to_owned(), bits, text: String::new(), values: None };
        let differs = |changes: &[Change]| Difference::Changes(changes.to_vec());
        let explained = |platform, mnemonic, bytes: &[u8], so: u64, difference: &Difference| {
            let registers = [("so", RegisterValue::from(so))];
            let case = Case {
                platform,
                against: "unicorn",
                mnemonic,
                text: mnemonic,
                bytes,
                registers: &registers,
                difference,
            };
            causes.explain(&case).is_some()
        };
        let (ppc, code) = (Platform::PPC, [0x7f, 0xff, 0xfb, 0xd6]);
        let fine = differs(&[change("r3", (5, true)), change("xer", (1 << 31, false))]);
        assert!(explained(ppc, "divw", &code, 1, &fine));
        assert!(!explained(ppc, "divw", &code, 0, &fine));
        assert!(!explained(ppc, "mulld", &code, 1, &fine));
        assert!(!explained(Platform::MIPS, "divw", &code, 1, &fine));
        assert!(!explained(ppc, "divw", &[0x7f, 0xff, 0xfb, 0xd4], 1, &fine));
        assert!(!explained(ppc, "divw", &code, 1, &differs(&[change("xer", (3 << 30, false))])));
        assert!(!explained(
            ppc,
            "divw",
            &code,
            1,
            &differs(&[change("r3", (5, true)), change("pc", (4, false))])
        ));
        let ends = Difference::Ends { own: Ending::plain(Kind::Done), other: Ending::plain(Kind::Invalid) };
        assert!(!explained(ppc, "divw", &code, 1, &ends));
        let causes =
            parse("test", &RULE.replace("changes: r# xer&0x80000000", "ends: Done / Trap; Done / Invalid"));
        let causes = Causes(causes.expect("a rule"));
        let nans = Causes(parse("test", &RULE.replace("fault", "nans: 4\nfault")).expect("a rule"));
        let floats = |own: u64, other: u64| {
            let values = Some((own.into(), other.into()));
            Change { values, ..change("r3", (own ^ other, false)) }
        };
        let of = |own, other| {
            let difference = differs(&[floats(own, other)]);
            let registers = [("so", RegisterValue::from(1u64))];
            let (mnemonic, text, against) = ("divw", "divw", "unicorn");
            let bytes = &code;
            let registers = &registers;
            let case =
                Case { platform: ppc, against, mnemonic, text, bytes, registers, difference: &difference };
            nans.explain(&case).is_some()
        };
        assert!(of(0x7fc0_0001_3f80_0000, 0xffff_ffff_3f80_0000));
        assert!(!of(0x7fc0_0001_3f80_0000, 0x7f80_0000_3f80_0000));
        assert!(!of(0x7fc0_0001_3f80_0000, 0xffff_ffff_3f80_0001));
        let registers = [("so", RegisterValue::from(1u64))];
        let case = |difference| Case {
            platform: ppc,
            against: "unicorn",
            mnemonic: "divw",
            text: "divw",
            bytes: &code,
            registers: &registers,
            difference,
        };
        assert!(causes.explain(&case(&ends)).is_some());
        assert!(causes.explain(&case(&fine)).is_none());
    }

    #[test]
    fn operands_that_are_no_words_are_found_by_their_names() {
        let rule = RULE.replace("ppc*", "mips64").replace("when: so=1", "operands: unextended");
        let causes = Causes(parse("test", &rule).expect("a rule"));
        let change = Change { what: "r3".to_owned(), bits: (1, false), text: String::new(), values: None };
        let difference = Difference::Changes(vec![change]);
        let is_explained = |value: u64| {
            let registers = [("r10", RegisterValue::from(value)), ("r11", (1_u64 << 40).into())];
            causes
                .explain(&Case {
                    platform: Platform::MIPS64,
                    against: "unicorn",
                    mnemonic: "div",
                    text: "div t2, zero",
                    bytes: &[0x7f, 0xff, 0xfb, 0xd6],
                    registers: &registers,
                    difference: &difference,
                })
                .is_some()
        };
        assert!(is_explained(0x8000_0000) && is_explained(1 << 40));
        assert!(!is_explained(0x7fff_ffff) && !is_explained(0xffff_ffff_8000_0000));
    }

    #[test]
    fn words_are_compared_with_their_first_byte_last_where_they_lie_so() {
        assert_eq!(ordered(Platform::RISCV64, false, &[1, 2, 3, 4]), [4, 3, 2, 1]);
        assert_eq!(ordered(Platform::ARMV7M, false, &[1, 2, 3, 4]), [2, 1, 4, 3]);
        assert_eq!(ordered(Platform::ARMV7A, true, &[1, 2, 3, 4]), [2, 1, 4, 3]);
        assert_eq!(ordered(Platform::X86_64, false, &[1, 2, 3]), [1, 2, 3]);
    }

    #[test]
    fn what_is_wrong_with_a_file_is_told() {
        assert!(parse("test", "rule one\n").is_err());
        assert!(parse("test", " one\n").is_err());
        assert!(parse("test", &RULE.replace("fault: open", "fault: nobody's")).is_err());
        assert!(parse("test", &RULE.replace("changes", "change")).is_err());
        assert!(parse("test", &RULE.replace("fault", "nans: 5\nfault")).is_err());
        assert!(parse("test", &RULE.replace("fault", "operands: odd\nfault")).is_err());
        assert!(parse("test", &RULE.replace("manual: none\n", "")).is_err());
        assert!(parse("test", &RULE.replace("7c0003d6/fc0007fe", "7c0003d6/ff")).is_err());
        assert!(parse("test", &RULE.replace("rule: one", "rule: one\nrule: two")).is_err());
    }
}
