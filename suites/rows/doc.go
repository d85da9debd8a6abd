// Package rows holds the catalogue of behaviours as data, and judges how much
// of it the specs cover. rows has each behaviour that a client can see of a
// DaemonSet controller, one file an area; excused.yaml the rows without a spec,
// each with its reason; additions.yaml the specs beyond the catalogue; bugs.yaml
// the bugs that Kubernetes has had, and claims.yaml what the guide says, each
// with the specs that show it.
//
// What may not live here: a spec. A row says what is to be covered, and is
// written without regard to what does.
package rows
