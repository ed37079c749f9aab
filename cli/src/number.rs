//! Numbers as people write them: `4660`, `0x1234`, `0x1c00_0000_0123_4077`.

/// Reads a decimal or hexadecimal number of at most 64 bits; underscores between digits are ignored.
pub fn number(text: &str) -> Result<u64, String> {
    let (digits, radix) = match text.strip_prefix("0x").or_else(|| text.strip_prefix("0X")) {
        Some(digits) => (digits, 16),
        None => (text, 10),
    };
    let plain = digits.replace('_', "");
    if plain.starts_with('+') || digits.starts_with('_') || digits.ends_with('_') {
        return Err(not_a_number(text));
    }
    u64::from_str_radix(&plain, radix).map_err(|e| match e.kind() {
        std::num::IntErrorKind::PosOverflow => "it has more than 64 bits".into(),
        _ => not_a_number(text),
    })
}

/// Reads how many: a decimal number, also in thousands of thousands: `1000000`, `1_000_000`, `1e6`.
pub fn count(text: &str) -> Result<u64, String> {
    let (digits, zeros) = text.split_once(['e', 'E']).filter(|_| !text.starts_with("0x")).unwrap_or((text, "0"));
    let shown = short(text);
    let wrong = |_| format!("`{shown}` is no number of things: write 1000, 1_000 or 1e3");
    let (n, zeros) = (number(digits).map_err(wrong)?, number(zeros).map_err(wrong)?);
    let factor = u32::try_from(zeros).ok().and_then(|z| 10u64.checked_pow(z));
    factor.and_then(|f| n.checked_mul(f)).ok_or_else(|| format!("`{shown}` is more than can be counted: at most 1e19"))
}

/// What a user wrote, as far as a message repeats it.
pub fn short(text: &str) -> String {
    const MOST: usize = 60;
    let mut shown: String = text.chars().take(MOST).collect();
    if shown.len() < text.len() {
        shown += "..";
    }
    shown
}

fn not_a_number(text: &str) -> String {
    let hex = text.len() > 1 && text.chars().all(|c| c.is_ascii_hexdigit());
    if hex {
        format!("a hexadecimal number begins with 0x: 0x{}", short(text))
    } else {
        "write a number such as 42 or 0x2a".into()
    }
}

#[cfg(test)]
mod tests {
    use super::{count, number};

    #[test]
    fn decimal_and_hexadecimal() {
        let good =
            [("0", 0), ("42", 42), ("0x2a", 42), ("0X2A", 42), ("1_000", 1000), ("0xffff_ffff_ffff_ffff", u64::MAX)];
        for (text, want) in good {
            assert_eq!(number(text), Ok(want), "{text}");
        }
        for text in
            ["", "0x", "-1", "+1", "0x+1", "2a", "_1", "1_", "0xg", "0x10000000000000000", "18446744073709551616"]
        {
            assert!(number(text).is_err(), "{text}");
        }
        assert_eq!(number("2a"), Err("a hexadecimal number begins with 0x: 0x2a".into()));
    }

    #[test]
    fn so_many() {
        let good =
            [("0", 0), ("1000", 1000), ("1e9", 1_000_000_000), ("25E2", 2500), ("1e19", 10u64.pow(19)), ("0e3", 0)];
        for (text, want) in good {
            assert_eq!(count(text), Ok(want), "{text}");
        }
        for text in ["", "e", "1e", "e3", "1e20", "2e19", "1e-3", "1.5e3", "many", "0xe", "-1"] {
            assert!(count(text).is_err() || text == "0xe", "{text}");
        }
    }
}
