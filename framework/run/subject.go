package run

import (
	"path/filepath"

	"github.com/dsconform/dsconform/framework/subject"
	"github.com/dsconform/dsconform/reports"
)

// Subject puts how a controller under test fared into the report's words.
func Subject(s subject.Status) reports.Subject {
	return reports.Subject{
		Kind: string(s.Kind), Name: s.Name, Version: s.Version, Identity: s.Identity,
		Process: &reports.Process{
			Restarts: s.Restarts, LastExit: s.LastExit, Silent: s.Silent, Log: filepath.Base(s.Log), Tail: s.Tail,
		},
	}
}
