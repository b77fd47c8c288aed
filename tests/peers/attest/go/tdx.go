package main

import (
	"crypto/x509"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/url"
	"os"
	"strings"

	"github.com/google/go-tdx-guest/verify"
)

// collateral is Intel's service made of the one file: the getter that the library asks.
type collateral struct {
	PckCrlIssuerChain     string `json:"pck_crl_issuer_chain"`
	RootCaCrl             string `json:"root_ca_crl"`
	PckCrl                string `json:"pck_crl"`
	TcbInfoIssuerChain    string `json:"tcb_info_issuer_chain"`
	TcbInfo               string `json:"tcb_info"`
	TcbInfoSignature      string `json:"tcb_info_signature"`
	QeIdentityIssuerChain string `json:"qe_identity_issuer_chain"`
	QeIdentity            string `json:"qe_identity"`
	QeIdentitySignature   string `json:"qe_identity_signature"`
}

func signed(name, text, signature string) []byte {
	return []byte(fmt.Sprintf(`{"%s":%s,"signature":"%s"}`, name, text, signature))
}

// tcbInfo is the signed text, and after it the FMSPC again in lower case. The library compares it letter by letter, where Intel writes
// upper case; names match without regard to case, so that the second member overrides just this one, and the text stays as it was signed.
func (c *collateral) tcbInfo() []byte {
	var said struct {
		Fmspc string `json:"fmspc"`
	}
	if json.Unmarshal([]byte(c.TcbInfo), &said) != nil {
		return signed("tcbInfo", c.TcbInfo, c.TcbInfoSignature)
	}
	again, _ := json.Marshal(strings.ToLower(said.Fmspc))
	return []byte(fmt.Sprintf(`{"tcbInfo":%s,"signature":"%s","TCBINFO":{"fmspc":%s}}`, c.TcbInfo, c.TcbInfoSignature, again))
}

func header(name, chain string) map[string][]string {
	return map[string][]string{name: {url.QueryEscape(chain)}}
}

// Get answers by what the address asks for; any that is none of the service's is the root's list.
func (c *collateral) Get(address string) (map[string][]string, []byte, error) {
	switch {
	case strings.Contains(address, "/pckcrl?"):
		body, err := hex.DecodeString(c.PckCrl)
		return header("Sgx-Pck-Crl-Issuer-Chain", c.PckCrlIssuerChain), body, err
	case strings.Contains(address, "/tcb?"):
		return header("Tcb-Info-Issuer-Chain", c.TcbInfoIssuerChain), c.tcbInfo(), nil
	case strings.Contains(address, "/qe/identity"):
		return header("Sgx-Enclave-Identity-Issuer-Chain", c.QeIdentityIssuerChain),
			signed("enclaveIdentity", c.QeIdentity, c.QeIdentitySignature), nil
	default:
		body, err := hex.DecodeString(c.RootCaCrl)
		return nil, body, err
	}
}

func verifyQuote(c *Case) error {
	quote, err := os.ReadFile(c.Quote)
	if err != nil {
		return err
	}
	text, err := os.ReadFile(c.Collateral)
	if err != nil {
		return err
	}
	var getter collateral
	if err := json.Unmarshal(text, &getter); err != nil {
		return err
	}
	root, err := certificate(c.Root)
	if err != nil {
		return err
	}
	pool := x509.NewCertPool()
	pool.AddCert(root)
	return verify.RawTdxQuote(quote, &verify.Options{
		CheckRevocations: true, GetCollateral: true, Getter: &getter, Now: c.now(), TrustedRoots: pool})
}
