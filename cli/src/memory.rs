//! How much memory this process has had at the most.

/// In MB; none where the system does not say.
pub fn most() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|l| l.strip_prefix("VmHWM:"))?;
    Some(line.trim().strip_suffix("kB")?.trim().parse::<u64>().ok()?.div_ceil(1024))
}

/// The same as the end of a line; nothing where it is not known.
pub fn told() -> String {
    most().map(|mb| format!(", {mb} MB at the most")).unwrap_or_default()
}
