// Package await waits for the state of API objects by watching them: nothing
// is asked twice, and who waits in vain is told what is still missing.
//
// What may not live here: anything that knows which provider made the cluster.
package await
