package ociwrap

import (
	"encoding/json"
	"fmt"
	"slices"
)

// object is a JSON object of which only the fields of interest are decoded, so
// that every other field keeps its exact text, numbers beyond 2^53 included.
type object map[string]json.RawMessage

// LowerBundle lowers the "process" part of an OCI bundle's config.json
// (https://github.com/opencontainers/runtime-spec, config.md) to what the host
// grants, and tells whether anything had to change.
func LowerBundle(config []byte, host Host) ([]byte, bool, error) {
	var doc object
	if err := json.Unmarshal(config, &doc); err != nil {
		return nil, false, fmt.Errorf("decode the bundle's configuration: %w", err)
	}
	process, ok := doc["process"]
	if !ok {
		return config, false, nil
	}
	lowered, changed, err := LowerProcess(process, host)
	if err != nil || !changed {
		return config, false, err
	}
	doc["process"] = lowered
	out, err := json.Marshal(doc)
	return out, true, err
}

// LowerProcess does the same for the process object alone, the form in which
// runc exec is given it by --process.
func LowerProcess(process []byte, host Host) ([]byte, bool, error) {
	var doc object
	if err := json.Unmarshal(process, &doc); err != nil {
		return nil, false, fmt.Errorf("decode the process settings: %w", err)
	}
	changed := false
	for _, part := range []struct {
		field string
		lower func(json.RawMessage, Host) (json.RawMessage, bool, error)
	}{
		{"capabilities", lowerCapabilities},
		{"rlimits", lowerRlimits},
		{"oomScoreAdj", lowerOOMScore},
	} {
		value, ok := doc[part.field]
		if !ok {
			continue
		}
		lowered, hit, err := part.lower(value, host)
		if err != nil {
			return nil, false, fmt.Errorf("process.%s: %w", part.field, err)
		}
		if hit {
			doc[part.field], changed = lowered, true
		}
	}
	if !changed {
		return process, false, nil
	}
	out, err := json.Marshal(doc)
	return out, true, err
}

// lowerCapabilities drops what the bounding set lacks from each of the five
// sets: runc fails on a capability it cannot hand on.
func lowerCapabilities(value json.RawMessage, host Host) (json.RawMessage, bool, error) {
	var sets map[string][]string
	if err := json.Unmarshal(value, &sets); err != nil {
		return nil, false, err
	}
	changed := false
	for name, caps := range sets {
		kept := slices.DeleteFunc(slices.Clone(caps), func(c string) bool { return host.MissingCapabilities[c] })
		if len(kept) != len(caps) {
			sets[name], changed = kept, true
		}
	}
	out, err := json.Marshal(sets)
	return out, changed, err
}

// rlimit is an entry of process.rlimits.
type rlimit struct {
	Type string `json:"type"`
	Hard uint64 `json:"hard"`
	Soft uint64 `json:"soft"`
}

// lowerRlimits caps resource limits at the host's hard ones, which only
// CAP_SYS_RESOURCE may raise (getrlimit(2)).
func lowerRlimits(value json.RawMessage, host Host) (json.RawMessage, bool, error) {
	var limits []rlimit
	if err := json.Unmarshal(value, &limits); err != nil {
		return nil, false, err
	}
	changed := false
	for i, l := range limits {
		hard, known := host.HardLimits[l.Type]
		if !known || l.Hard <= hard {
			continue
		}
		limits[i].Hard, limits[i].Soft, changed = hard, min(l.Soft, hard), true
	}
	out, err := json.Marshal(limits)
	return out, changed, err
}

// lowerOOMScore keeps the score at or above the host's: going below needs
// CAP_SYS_RESOURCE (proc_pid_oom_score_adj(5)).
func lowerOOMScore(value json.RawMessage, host Host) (json.RawMessage, bool, error) {
	var score *int
	if err := json.Unmarshal(value, &score); err != nil {
		return nil, false, err
	}
	if score == nil || host.MinOOMScore == nil || *score >= *host.MinOOMScore {
		return value, false, nil
	}
	out, err := json.Marshal(*host.MinOOMScore)
	return out, true, err
}
