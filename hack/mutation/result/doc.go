// Package result holds what a mutation run found out: the types of
// out/mutation.json, what follows from them (the score, the specs that kill
// nothing alone), and docs/mutation.md, which is made of that file and nothing else.
//
// What may not live here: running anything.
package result
