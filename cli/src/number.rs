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

fn not_a_number(text: &str) -> String {
    let hex = text.len() > 1 && text.chars().all(|c| c.is_ascii_hexdigit());
    if hex {
        format!("a hexadecimal number begins with 0x: 0x{text}")
    } else {
        "write a number such as 42 or 0x2a".into()
    }
}

#[cfg(test)]
mod tests {
    use super::number;

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
}
