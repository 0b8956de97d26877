// Package internal holds weir's packages. This text is their architecture: read the picture and the journey first, the
// rest when you change something it names. A test checks that every file:function named here exists, and another the
// import order (layers_test.go).
//
// # Picture
//
//	flights.raw ──▶ gate ──┬──▶ flights.features     the same records, same key, same partition
//	  (input)     stage 1  ├──▶ flights.dead         rejected records, each with its reasons
//	                       └──▶ <group>.profiles ──▶ monitor ──┬──▶ <group>.reports   every closed window
//	             one Kafka transaction per cycle     stage 2   ├──▶ <group>.events    findings, life cycle
//	                                                           └──▶ <group>.state     its only memory (compacted)
//
// Both stages are one loop: poll, a pure step over committed state and records, produce, end the transaction. A commit
// adopts the step's result, an abort drops it. Nothing is kept on local disk; the stages meet in topics only, and each
// scales by starting more processes in its group. The pure parts (gate.Judge, monitor.State, drift.Compare) run as
// well over files, without Kafka, in weir check.
//
// # The packages, in import order
//
//	window      calendar windows and watermarks; arithmetic, no clock
//	contract    ODCS documents: load, lint, digests, rules, the compiled JSON Schema
//	columns     a contract's Arrow layout; rows and batches
//	files       records of NDJSON, CSV, Parquet and kcat files
//	validate    the verdict on one record: a scan decides what is valid, the JSON Schema library everything else
//	profile     grids, baselines, mergeable statistics and their wire format
//	drift       a window against rules and baseline: tests, findings, incidents, events
//	kafka       sessions, options, preflight, partitioning: what weir needs from franz-go
//	telemetry   logs, metrics, traces, health
//	config      weir.yaml
//	deadletter  the dead-letter record: write, shed, read, show
//	gate        stage 1
//	monitor     stage 2
//	web         probes and metrics over HTTP
//	demo        the flights of 2013 with faults injected, an in-process broker, the audit
//	kafkatest   brokers for tests: kfake, or a real Apache Kafka; the ledger audit
//
// # A record's journey
//
// Through the gate, a cycle of a session at a time:
//
//   - gate/run.go:Run starts the sessions; gate/run.go:live opens one (kafka/session.go:Open: first the transactional id,
//     then the group) and calls gate/session.go:cycle until it ends.
//   - kafka/poll.go:Poll returns changes of ownership and records by partition. gate/rest.go:own gives a new partition its
//     position: the committed offset, and the watermark out of the offset's metadata (gate/watermark.go:decodeWatermark).
//     Where there is no offset, gate/start.go:begin tells a first start from a lost offset.
//   - gate/session.go:judge runs gate/judge.go:Judge on each partition's records, in parallel. For one record:
//     gate/judge.go:check asks validate/validate.go:Check. A scan (validate/scan.go:run) reads the bytes once, along the
//     plan that was compiled from the schema (validate/plan.go:newPlan): it checks that they are strict JSON, decides
//     that values are valid, and fills a columns.Row. Parts it is unsure of are put to the library
//     (validate/part.go:byParts), unless what it will say is known (validate/validate.go:settle) or would cost too much
//     (validate/steps.go:count). Where it cannot tell parts apart, the record is decoded, extracted and judged as a whole
//     (validate/validate.go:whole, by validate/decode.go:decode, validate/extract.go:extract and
//     validate/validate.go:judge).
//     Then gate/judge.go:place finds its window or finds it late, and appends the row to the window's batch
//     (columns/batch.go:Append); gate/judge.go:forward makes the output record, or gate/judge.go:reject the dead letter
//     (deadletter/deadletter.go:New). After the last record gate/judge.go:sum turns each batch into a profile
//     (profile/profile.go:FromBatch).
//   - gate/session.go:report adds up the cycle's profiles per window and writes them in chunks (profile/encode.go:Encode),
//     then one progress per contract (profile/progress.go:Encode): how far each source partition was read.
//   - gate/session.go:commit hands everything to kafka/commit.go:Commit: begin, produce, check every promise, end with
//     offsets and watermarks. Then gate/session.go:adopt makes the outcome the session's state and counts it; a refusal
//     goes to gate/rest.go:refuse, which remembers it for the next attempt (gate/refuse.go:learn).
//   - Every cycle, with records or without, ends with gate/rest.go:rest: it declares partitions idle or ended
//     (gate/rest.go:declare) and lets routes set aside try again.
//
// Its counts through the monitor:
//
//   - monitor/run.go:live opens the session; monitor/run.go:own restores the state of new partitions
//     (monitor/state.go:Restore) before any record of theirs is folded.
//   - monitor/run.go:fold applies each record (monitor/state.go:FoldProfile, monitor/state.go:FoldProgress) and closes
//     what can be closed (monitor/close.go:Close): every window that all sources have passed.
//   - drift/compare.go:Compare judges a closed window and makes its report; drift/step.go:Step advances the findings and
//     makes the events of those that opened, got worse or cleared.
//   - monitor/run.go:commit writes the changed state (monitor/state.go:Changes), reports and events with the offsets.
//
// # Who owns what
//
//   - A session (of gate or monitor) belongs to the goroutine that runs it, with its Kafka client, positions and state.
//     kgo's group callbacks run on other goroutines and only leave a note under a mutex (field pending of
//     kafka.Session).
//   - The judge goroutines of a cycle share the catalog, which never changes, and the refusals, which have a mutex. Each
//     writes its own outcome, read after all have ended. Rows and batches come from pools and go back before that.
//   - Goroutines are started and awaited in the same function; contexts are passed, not stored. The context of a cycle
//     that has records is not cancelled by a shutdown: the cycle is finished and committed.
//   - telemetry.Status is the only state that stages, probes and commands share. It has a lock and holds texts only.
//
// # Not obvious
//
// Kafka:
//
//   - End commits even when a record of the transaction failed to be produced: every promise is checked first.
//   - An error from End means the outcome is unknown. The session is opened again under the same ids, which makes the
//     broker decide, and the committed offsets tell. kgo reports some unknown outcomes as aborts, so an abort is confirmed
//     with the broker before anything is produced again.
//   - Transactional and instance id are <group>.<stage>.<instance>.<session>, never random: a restarted process takes over
//     at once what its predecessor left open, where a stranger would wait for timeouts.
//   - The transactional id is initialised on a client that is not in the group yet. A process killed between the offset
//     commit and the end of its transaction leaves offsets that cannot be fetched, so a member that initialises with its
//     first transaction never gets that far: 17 s against 0.05 s.
//   - Control records are kept and handed to Judge. Without them a partition that ends in a transaction marker would never
//     be read to its end.
//   - A missing committed offset is a first start only if <group>.state holds no marker of the partition. Otherwise the
//     offset expired or the group is mistyped, and starting at the beginning would double every record.
//   - A transaction without offsets is fenced by nobody, so a declaration that a partition is idle or ended commits where
//     that partition stands: a member that has lost it without knowing is refused.
//   - Records of a route set aside are handed back by pausing their partitions in the same cycle; to drop them would
//     commit their offsets.
//   - One refused record fails its whole batch. The refusals of a record are the only thing that survives an abort, and
//     correctness never depends on them: without them the same refusal is learned again.
//   - A dead letter can be refused as well; it is made smaller step by step, down to coordinates and a hash.
//   - Record timestamps outside 1678 to 2262 come back changed from kgo, so such records become dead letters.
//   - Inbound weir.* headers are forwarded as they are. Readers take the last header of a name, which is weir's.
//   - kfake takes records that Kafka refuses and commits in a fraction of the time: refusals and latencies are tested on a
//     real broker.
//
// Time:
//
//   - Lateness is a fact of the log: a record is late when the watermark of its own partition, at its own offset, has
//     passed the window. A watermark over several partitions would depend on who read what when.
//   - The watermark is committed in the metadata of the offset, so both move together or not at all.
//   - An event time far ahead of its record's timestamp is counted as late_ahead and moves no watermark: one wrong clock
//     may not close a year of windows.
//   - Dead letters and late records have no window of their own that could be trusted: they are counted in the one that
//     holds their partition's watermark, or, before the first valid record, with the first window to close. An input
//     without any valid record has no window, so its dead letters are in metrics and in the topic, but in no report.
//   - Only the gate declares a partition idle, because only its owner knows that it has read to the end.
//   - A contract's progress follows its profiles in the same partition of <group>.profiles, so no watermark arrives before
//     the counts it covers.
//   - A progress that does not begin where the last one ended stops its contract: counts are missing or doubled, and no
//     later report would be true. weir run --accept-gaps goes on once somebody has looked.
//   - An upgraded contract's open windows are judged by the version that opened them, so the monitor loads every version
//     in the contracts folder, not only those that routes name.
//
// Numbers:
//
//   - Profiles add up in any order to the same bytes: cells are integers, sums are exact (fixed point as wide as every
//     double), distinct counts are sets, then registers. Floating-point addition depends on the order of merging.
//   - Numbers are ordered by integer keys, doubles too, so that one search and one wire format serve both.
//   - Reports and events hold facts of the data only. Who wrote them and when is in headers, which comparisons leave out.
//   - A finding needs significance and effect: at a thousand records a day everything real is significant sooner or later,
//     and at thirty nothing is.
//   - A baseline binds to columns (path, kind, unit), not to a contract's digest, so that a new version of the contract
//     keeps what it did not change.
//
// Verdicts:
//
//   - The scan says valid or unsure, never invalid: violations are the library's. Unsure is never wrong, only
//     slow, so whatever the plan has no rule for, or lies beyond a bound of the scan, is unsure. weir lint --explain-plan
//     tells what that is for a contract; tests make the scan doubt values at random.
//   - A value may be judged without the rest of the record where nothing above looks at what becomes of it: the library
//     puts the same schemas to it wherever it stands, and reports what is wrong there whatever is wrong elsewhere. Below
//     anyOf, oneOf, if and unevaluated… this does not hold, and the value they are about is judged as a whole; unless the
//     library has refused all other branches when the plan was made, for then one broken part proves the choice lost.
//   - What the library said of a small value is remembered, with what it was counted at, by the schema and the value as it
//     was written (validate/memo.go): streams that have gone wrong repeat themselves, and the library writes texts for
//     each error that nobody reads. Where nothing else was in doubt, so are the violations (validate/known.go), by all that
//     they depend on. A scan keeps 256 answers and what it knows of 1,024 parts, and a row its scan: nothing grows with the
//     input.
//   - Of most values the violations depend on the kind, the size and the checks that they do not pass (validate/breaks.go),
//     not on which value it is: ages of 130 and of 131 are over a maximum alike, and where a contract lets values be shown, the
//     value is put in. The scan's checks are exact for that: it compares decimals without rounding, and asks the library's own
//     functions and expressions where it has no table. What it cannot tell to the last check is known by the value.
//   - One rule of the library is taken for granted in validate/known.go, because it has no way of looking at more:
//     additionalProperties judges the name, not its value.
//   - A row's texts may be the record's own bytes until the row is appended, which copies them. Neither the scan nor a
//     violation keeps any.
//   - Texts are looked at 32 bytes at a time, in assembly, where the processor can (validate/textrun.go), else eight: the
//     tests hold the two against each other.
//   - The scan expects the names of an object in the order of the last one that came by: a right guess costs a comparison
//     of words, a wrong one costs time only.
//
// Hostile input:
//
//   - jsonschema/v5 crashes on numbers like 1e1000001 and reads files that a $ref names. Numbers are bounded before it
//     sees them, panics become a violation of the record, and a $ref cannot leave the contract's folder.
//   - jsonschema/v5 goes on after the first error and cannot be stopped, so what it will cost is counted before it is
//     asked (validate/steps.go:count), and a record over the budget is refused with the rule budget. The count depends on
//     record and contract alone, never on time: a verdict is the same on every machine and in every replay.
//   - A record is over budget only if the library has to look at it. One that the scan finds valid is valid, even where
//     the library would have cost too much.
//   - A location is written out for every value below it, so a long name costs as often as there are values in its object.
//   - Whoever knows how the library hashes items can make a thousand different ones of one hash: uniqueItems is counted by
//     the groups that really share one.
//   - All records that the library judges at one time share one Memory per process. A record that needs more than it has
//     reserved gives that back before it waits, so that no two wait for each other.
//   - Scan and decoder are equally strict, because encoding/json takes duplicate names, invalid UTF-8 and trailing bytes
//     in silence, and then two readers disagree about what a record says.
//   - To find duplicates, the scan keeps a hash of each name that the schema does not know, not the name. Two with one hash
//     are unsure; the seed is random, so nobody can prepare them.
//   - Arrow builders cannot take a value back: a record is staged in a Row and appended once it is valid.
//   - What people see of a value is masked unless its field is public, and escaped always: a record cannot write to the
//     terminal of whoever looks at it.
package internal
