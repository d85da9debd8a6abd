package wire

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"path"

	"k8s.io/apimachinery/pkg/util/sets"
	apirequest "k8s.io/apiserver/pkg/endpoints/request"
)

// Request is a request on its way to the API server. A hook may change any of
// it but the API group and version, which stay those of the original.
type Request struct {
	// Verb is as RBAC has it: create, update, patch, delete, deletecollection.
	Verb string
	// Resource is plural; Subresource is empty where the object itself is meant.
	Resource, Subresource string
	// Namespace is empty for what has none, Name on creation.
	Namespace, Name string
	// Query are the request's options.
	Query url.Values
	// Body is JSON: the object, a patch, or a deletion's options; perhaps empty.
	Body []byte
	// ContentType is that of the body, by which one kind of patch is told from another.
	ContentType string

	// prefix is the path of the API group and version.
	prefix string
}

// What is the resource with its subresource, as "daemonsets/status".
func (r *Request) What() string {
	if r.Subresource == "" {
		return r.Resource
	}
	return r.Resource + "/" + r.Subresource
}

// Answer is what the controller gets to its request.
type Answer struct {
	// Code is the HTTP status code.
	Code int
	// Body is JSON: an object, or a Status.
	Body []byte
	// RetryAfter is the header of that name; empty for none.
	RetryAfter string
}

// OK tells whether the answer is a success.
func (a *Answer) OK() bool { return a.Code < http.StatusBadRequest }

// Next passes a request on: to the next hook, and in the end to the API server.
type Next func(context.Context, *Request) (*Answer, error)

// Hook is told of a request before the API server is. It passes it on once, as
// it is or changed, or not at all, or more than once, and gives the answer.
type Hook func(ctx context.Context, r *Request, next Next) (*Answer, error)

// info reads what a request asks for; nil for what is no resource.
func info(h *http.Request) (*apirequest.RequestInfo, error) {
	factory := apirequest.RequestInfoFactory{APIPrefixes: sets.NewString("api", "apis"), GrouplessAPIPrefixes: sets.NewString("api")}
	i, err := factory.NewRequestInfo(h)
	if err != nil {
		return nil, fmt.Errorf("reading what %s %s asks for: %w", h.Method, h.URL.Path, err)
	}
	if !i.IsResourceRequest {
		return nil, nil
	}
	return i, nil
}

// read takes a request that writes apart.
func read(h *http.Request, i *apirequest.RequestInfo) (*Request, error) {
	r := &Request{
		Verb: i.Verb, Resource: i.Resource, Subresource: i.Subresource, Namespace: i.Namespace, Name: i.Name,
		Query: h.URL.Query(), ContentType: h.Header.Get("Content-Type"),
		prefix: path.Join("/", i.APIPrefix, i.APIGroup, i.APIVersion),
	}
	if h.Body == nil {
		return r, nil
	}
	defer h.Body.Close()
	body, err := io.ReadAll(h.Body)
	if err != nil {
		return nil, fmt.Errorf("reading the body of %s %s: %w", r.Verb, r.What(), err)
	}
	r.Body = body
	return r, nil
}

// http makes the HTTP request of r, like the original in all that r does not say.
func (r *Request) http(ctx context.Context, original *http.Request) *http.Request {
	h := original.Clone(ctx)
	parts := []string{r.prefix}
	if r.Namespace != "" {
		parts = append(parts, "namespaces", r.Namespace)
	}
	h.URL.Path = path.Join(append(parts, r.Resource, r.Name, r.Subresource)...)
	h.URL.RawPath = ""
	h.URL.RawQuery = r.Query.Encode()
	h.Body, h.ContentLength, h.GetBody = http.NoBody, 0, nil
	if len(r.Body) > 0 {
		h.Body, h.ContentLength = io.NopCloser(bytes.NewReader(r.Body)), int64(len(r.Body))
	}
	return h
}

// clone copies r, so that a hook may pass on a changed one beside the original.
func (r *Request) clone() *Request {
	out := *r
	out.Body = bytes.Clone(r.Body)
	out.Query = url.Values{}
	for k, v := range r.Query {
		out.Query[k] = append([]string(nil), v...)
	}
	return &out
}
