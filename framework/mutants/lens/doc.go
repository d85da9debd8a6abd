// Package lens has the ways by which a controller is given a wrong idea that
// does not show where it would not in a program with that defect: it decides by
// a template that is not the stored one, and still makes pods and revisions of
// the stored one; it writes a false status, and takes it for the one it meant.
//
// What may not live here: which defects there are.
package lens
