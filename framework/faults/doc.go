// Package faults stands between a controller under test and the API server and
// does to their traffic what networks, load balancers and busy API servers do: a
// request that is refused, lost on the way, or carried out and never answered; a
// watch that lags, stands still, loses changes and has to begin anew, or ends.
//
//	controller ──TLS──▶ Proxy ──TLS──▶ API server
//	                      ▲
//	                      └── rules, set and lifted over a unix socket (Client)
//
// Bodies pass byte for byte, with whatever credentials the controller sends. Of
// a watch nothing but its framing is read. What no rule meets is not touched.
// Everything that is done to a request is recorded, so that it can stand in the
// report.
//
// A fault is only one that a correct client has to survive: a watch that has lost
// changes never goes on as if it had not, but ends with 410 Gone.
//
// What may not live here: which faults a spec sets, and what must come of them.
package faults
