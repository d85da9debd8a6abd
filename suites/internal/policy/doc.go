// Package policy has the API server refuse or change some of the requests of a
// spec's namespace, whoever makes them, by admission policies: they need no
// webhook, and so work on every cluster.
//
// What may not live here: specs.
package policy
