package pki

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"slices"
	"testing"
	"time"
)

func parse(t *testing.T, raw []byte) *x509.Certificate {
	t.Helper()
	block, _ := pem.Decode(raw)
	if block == nil {
		t.Fatalf("no PEM: %s", raw)
	}
	cert, err := x509.ParseCertificate(block.Bytes)
	if err != nil {
		t.Fatal(err)
	}
	return cert
}

func TestIssuedCertificates(t *testing.T) {
	t.Parallel()
	now := time.Now()
	ca, err := NewAuthority("test-ca", now)
	if err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	roots.AddCert(parse(t, ca.Pair().Cert))
	for name, tc := range map[string]struct {
		subject Subject
		usage   x509.ExtKeyUsage
		host    string
		valid   bool
	}{
		"a client is a client":             {Subject{Name: "u", Groups: []string{"g"}}, x509.ExtKeyUsageClientAuth, "", true},
		"a client is no server":            {Subject{Name: "u"}, x509.ExtKeyUsageServerAuth, "", false},
		"a server is known by its address": {Subject{Name: "s", Hosts: []string{"127.0.0.1", "localhost"}}, x509.ExtKeyUsageServerAuth, "127.0.0.1", true},
		"a server is known by its name":    {Subject{Name: "s", Hosts: []string{"127.0.0.1", "localhost"}}, x509.ExtKeyUsageServerAuth, "localhost", true},
		"a server has no other name":       {Subject{Name: "s", Hosts: []string{"localhost"}}, x509.ExtKeyUsageServerAuth, "other", false},
		"a server may be a client too":     {Subject{Name: "s", Hosts: []string{"localhost"}}, x509.ExtKeyUsageClientAuth, "", true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			pair, err := ca.Issue(tc.subject, now)
			if err != nil {
				t.Fatal(err)
			}
			if _, err = tls.X509KeyPair(pair.Cert, pair.Key); err != nil {
				t.Fatalf("certificate and key do not belong together: %v", err)
			}
			cert := parse(t, pair.Cert)
			if cert.Subject.CommonName != tc.subject.Name || !slices.Equal(cert.Subject.Organization, tc.subject.Groups) {
				t.Errorf("subject %v", cert.Subject)
			}
			_, err = cert.Verify(x509.VerifyOptions{Roots: roots, DNSName: tc.host, KeyUsages: []x509.ExtKeyUsage{tc.usage}, CurrentTime: now})
			if (err == nil) != tc.valid {
				t.Errorf("verification gives %v, want valid=%v", err, tc.valid)
			}
		})
	}
}

func TestAnotherAuthorityDoesNotVouch(t *testing.T) {
	t.Parallel()
	now := time.Now()
	a, err := NewAuthority("a", now)
	if err != nil {
		t.Fatal(err)
	}
	b, err := NewAuthority("a", now)
	if err != nil {
		t.Fatal(err)
	}
	pair, err := b.Issue(Subject{Name: "u"}, now)
	if err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	roots.AddCert(parse(t, a.Pair().Cert))
	if _, err := parse(t, pair.Cert).Verify(x509.VerifyOptions{Roots: roots, KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageAny}}); err == nil {
		t.Error("a certificate of another authority is taken")
	}
}

func TestKeyPair(t *testing.T) {
	t.Parallel()
	pair, err := KeyPair()
	if err != nil {
		t.Fatal(err)
	}
	public, _ := pem.Decode(pair.Cert)
	private, _ := pem.Decode(pair.Key)
	if public == nil || private == nil {
		t.Fatal("no PEM")
	}
	if _, err := x509.ParsePKIXPublicKey(public.Bytes); err != nil {
		t.Error(err)
	}
	if _, err := x509.ParseECPrivateKey(private.Bytes); err != nil {
		t.Error(err)
	}
}
