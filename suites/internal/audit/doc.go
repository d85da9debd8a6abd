// Package audit reads what the API server was asked, by whom and when, from its
// audit log: requests that change nothing, that are refused, or that only read
// are seen nowhere else.
//
// What may not live here: specs, and opinions on what may be asked.
package audit
