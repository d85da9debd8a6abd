// Package ociwrap is a thin OCI runtime in front of runc for hosts that cannot
// grant every privilege a container engine takes for granted. Engines up to
// Docker 20.10 give a --privileged container all capabilities the kernel knows;
// runc then fails where one of them is missing from the host's bounding set.
// The wrapper lowers such requests in the process settings it is handed
// (capabilities, resource limits, OOM score) to what the host has, and becomes
// runc. It never raises anything and touches nothing else.
//
// What may not live here: any knowledge of engines, images or clusters; any
// import that makes the start of the program slower, as it runs once for every
// step in the life of every container.
package ociwrap
