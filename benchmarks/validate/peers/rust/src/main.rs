//! The Rust crate jsonschema over one schema and some files of records, a record a line: bytes -> serde_json::Value
//! -> verdict. Usage: MODE WARM SECONDS SCHEMA DATA…; one line of JSON per file, see ../../README.md.

use std::hint::black_box;
use std::time::{Duration, Instant};

use cpu_time::ProcessTime;
use jsonschema::{Draft, PatternOptions, Validator};
use serde_json::{json, Value};

fn main() {
    let args: Vec<String> = std::env::args().collect();
    if args.len() < 6 {
        eprintln!("usage: {} MODE WARM SECONDS SCHEMA DATA…", args[0]);
        std::process::exit(2);
    }
    let seconds = |i: usize| Duration::from_secs_f64(args[i].parse().expect("a number of seconds"));
    let schema: Value = serde_json::from_slice(&read(&args[4])).expect("schema is JSON");
    // The regex engine without look-around is the faster of the two that the crate offers, and no pattern here
    // needs more.
    let validator = jsonschema::options()
        .with_draft(Draft::Draft202012)
        .should_validate_formats(true)
        .with_pattern_options(PatternOptions::regex())
        .build(&schema)
        .expect("schema compiles");
    let check: fn(&Validator, &[u8]) -> bool = match args[1].as_str() {
        "verdict" => verdict,
        "all" => all,
        other => panic!("mode {other} is none of verdict, all"),
    };
    for path in &args[5..] {
        let data = read(path);
        let records: Vec<&[u8]> = data.split(|b| *b == b'\n').filter(|r| !r.is_empty()).collect();
        println!("{}", measure(&validator, check, &records, seconds(2), seconds(3)));
    }
}

fn read(path: &str) -> Vec<u8> {
    std::fs::read(path).unwrap_or_else(|err| panic!("{path}: {err}"))
}

fn verdict(validator: &Validator, record: &[u8]) -> bool {
    match serde_json::from_slice::<Value>(record) {
        Ok(value) => validator.is_valid(&value),
        Err(_) => false,
    }
}

/// Collects where each error is, which keyword says so and what it says, as text.
fn all(validator: &Validator, record: &[u8]) -> bool {
    let errors: Vec<(String, String, String)> = match serde_json::from_slice::<Value>(record) {
        Ok(value) => validator
            .iter_errors(&value)
            .map(|e| (e.instance_path().to_string(), e.schema_path().to_string(), e.to_string()))
            .collect(),
        Err(err) => vec![(String::new(), String::new(), err.to_string())],
    };
    black_box(&errors).is_empty()
}

fn measure(
    validator: &Validator,
    check: fn(&Validator, &[u8]) -> bool,
    records: &[&[u8]],
    warm: Duration,
    seconds: Duration,
) -> Value {
    let verdicts: String = records.iter().map(|r| if check(validator, r) { '1' } else { '0' }).collect();
    let pass = || {
        let start = Instant::now();
        for record in records {
            black_box(check(validator, black_box(record)));
        }
        start.elapsed()
    };
    let start = ProcessTime::now();
    while start.elapsed() < warm {
        pass();
    }
    let mut walls = Vec::new();
    let start = ProcessTime::now();
    let mut used = Duration::ZERO;
    while used < seconds {
        walls.push(pass());
        used = start.elapsed();
    }
    walls.sort();
    let per_record = |t: Duration| t.as_nanos() as f64 / records.len() as f64;
    json!({
        "records": records.len(),
        "invalid": verdicts.bytes().filter(|v| *v == b'0').count(),
        "passes": walls.len(),
        "cpu_ns": per_record(used) / walls.len() as f64,
        "wall_ns_min": per_record(walls[0]),
        "wall_ns_median": per_record(walls[walls.len() / 2]),
        "verdicts": verdicts,
    })
}
