//! What the crate dcap-qvl says of cases: one JSON object a line in, one a line out (tests/peers/attest/run).
//! With the argument `time ROUNDS` it verifies the one case that often and prints CPU nanoseconds of each.

use dcap_qvl::{verify::QuoteVerifier, QuoteCollateralV3};
use serde::Deserialize;
use std::io::{self, BufRead, Write};
use std::panic;

#[derive(Deserialize)]
struct Case {
    quote: String,
    collateral: String,
    root: String,
    time: u64,
    allow_debug: bool,
    allow_service_td: bool,
}

struct Input {
    quote: Vec<u8>,
    collateral: Vec<u8>,
    root: Vec<u8>,
}

fn read(case: &Case) -> io::Result<Input> {
    Ok(Input {
        quote: std::fs::read(&case.quote)?,
        collateral: std::fs::read(&case.collateral)?,
        root: std::fs::read(&case.root)?,
    })
}

/// The status, or why it is refused.
fn verify(case: &Case, input: &Input) -> Result<String, String> {
    let collateral: QuoteCollateralV3 =
        serde_json::from_slice(&input.collateral).map_err(|e| format!("collateral: {e}"))?;
    QuoteVerifier::new(input.root.clone())
        .allow_debug(case.allow_debug)
        .allow_service_td(case.allow_service_td)
        .verify(&input.quote, &collateral, case.time)
        .map(|report| report.status)
        .map_err(|e| format!("{e:#}"))
}

fn answer(case: &Case) -> io::Result<serde_json::Value> {
    let input = read(case)?;
    let verdict = panic::catch_unwind(|| verify(case, &input)).unwrap_or_else(|_| Err("panic".into()));
    Ok(match verdict {
        Ok(status) => serde_json::json!({"ok": true, "status": status}),
        Err(error) => serde_json::json!({"ok": false, "error": error}),
    })
}

fn cpu_nanoseconds() -> io::Result<u64> {
    let stat = std::fs::read_to_string("/proc/self/schedstat")?;
    let spent = stat.split_whitespace().next().and_then(|text| text.parse().ok());
    spent.ok_or_else(|| io::Error::other("/proc/self/schedstat"))
}

fn time(case: &Case, rounds: u64) -> io::Result<u64> {
    let input = read(case)?;
    let before = cpu_nanoseconds()?;
    for _ in 0..rounds {
        verify(case, &input).map_err(io::Error::other)?;
    }
    Ok((cpu_nanoseconds()? - before) / rounds)
}

fn main() -> io::Result<()> {
    let mut arguments = std::env::args().skip(1);
    let rounds = match arguments.next().as_deref() {
        Some("time") => arguments.next().and_then(|text| text.parse().ok()),
        _ => None,
    };
    let mut out = io::stdout().lock();
    for line in io::stdin().lock().lines() {
        let case: Case = serde_json::from_str(&line?)?;
        match rounds {
            Some(rounds) => writeln!(out, "{}", time(&case, rounds)?)?,
            None => writeln!(out, "{}", answer(&case)?)?,
        }
    }
    Ok(())
}
