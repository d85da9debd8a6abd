// Package answer is the vocabulary of the specs about what the API server
// answers: pure predicates that say whether a request was refused, for which
// reason and because of which field, and the warnings that came with an answer.
//
// What may not live here: specs, and anything that waits.
package answer
