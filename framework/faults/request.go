package faults

import (
	"net/http"
	"strings"
)

// Request is a request to the API server as RBAC sees it.
type Request struct {
	// Verb is as RBAC has it; the HTTP method in small letters for what is no resource.
	Verb string
	// Resource is plural, and empty for what is no resource.
	Resource string
	// Subresource is that of the resource, if one is meant.
	Subresource string
	// Namespace and Name are the object's, as far as the path names them.
	Namespace, Name string
}

// What is the resource with its subresource, as "daemonsets/status".
func (r Request) What() string {
	if r.Subresource == "" {
		return r.Resource
	}
	return r.Resource + "/" + r.Subresource
}

// String says the request in words.
func (r Request) String() string {
	out := r.Verb + " " + r.What()
	switch {
	case r.Namespace != "" && r.Name != "":
		return out + " " + r.Namespace + "/" + r.Name
	case r.Namespace != "" || r.Name != "":
		return out + " " + r.Namespace + r.Name
	}
	return out
}

// parse reads what is asked for from the path and the method:
// /api/v1/... or /apis/GROUP/VERSION/..., and then, perhaps behind
// namespaces/NAMESPACE/, RESOURCE[/NAME[/SUBRESOURCE]].
func parse(h *http.Request) Request {
	parts := strings.Split(strings.Trim(h.URL.Path, "/"), "/")
	switch {
	case len(parts) > 2 && parts[0] == "api":
		parts = parts[2:]
	case len(parts) > 3 && parts[0] == "apis":
		parts = parts[3:]
	default:
		return Request{Verb: strings.ToLower(h.Method)}
	}
	var r Request
	// namespaces/NAME/finalize and the like are about the namespace itself.
	if len(parts) > 2 && parts[0] == "namespaces" && parts[2] != "finalize" && parts[2] != "status" {
		r.Namespace, parts = parts[1], parts[2:]
	}
	r.Resource = parts[0]
	if len(parts) > 1 {
		r.Name = parts[1]
	}
	if len(parts) > 2 {
		r.Subresource = strings.Join(parts[2:], "/")
	}
	r.Verb = verb(h, r.Name != "")
	return r
}

func verb(h *http.Request, named bool) string {
	switch h.Method {
	case http.MethodGet, http.MethodHead:
		watch := h.URL.Query().Get("watch")
		switch {
		case watch == "true" || watch == "1":
			return "watch"
		case named:
			return "get"
		}
		return "list"
	case http.MethodPost:
		return "create"
	case http.MethodPut:
		return "update"
	case http.MethodDelete:
		if named {
			return "delete"
		}
		return "deletecollection"
	}
	return strings.ToLower(h.Method)
}
