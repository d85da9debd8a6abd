// Package cost holds the specs of what a controller asks of the API server: not
// whether the pods come, but what they cost. What no watch shows, the API
// server's audit log does.
//
// What may not live here: how long things take; figures are for hack/scale.
package cost
