// Package policy has the API server refuse or change some of the requests of a
// spec's namespace, whoever makes them, by admission policies, which need no
// webhook and so work on every cluster, by quotas and by priority classes. What it
// makes is in force when it returns.
//
// What may not live here: specs.
package policy
