// Command soak tells how far a verdict can be relied on: it judges the stock
// controller again and again on simulated nodes, with another seed and another
// load on the machine each time, and counts what did not pass though it should
// have. `make soak N=100` runs it.
//
// Each run's verdict is a line of docs/reliability.jsonl as soon as it is in, so
// that the hours of a hundred runs may be interrupted and gone on with, on another
// machine too, and everybody can count again; out/soak.json has the counts and
// their upper bounds, and docs/reliability.md is made of that file.
//
// What may not live here: a judgement of a single spec. That is dsconform's report.
package main
