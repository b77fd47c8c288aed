"""Where other verifiers of evidence answer otherwise than we do, and why ours is the answer that we want (spec/08 section 3.5).

Oracles: `dcap` is the crate dcap-qvl, `intel` Intel's library, `go` go-tdx-guest, `sev` go-sev-guest. A difference that no row allows
is a failure of the suite, and so is a row that nothing of the corpus needs (but those of random changes).
"""

# We accept and the oracle refuses: oracle, what its text says, why.
ACCEPTED = [
    ("dcap", r"Invalid QE auth data length", "insists on 32 bytes of authentication data; any length is signed over"),
    ("dcap", r"PceSvn length mismatch", "a PCESVN from 32768 on takes three octets, which it does not read"),
    ("dcap", r"Reserved bits in TD attributes", "takes PERFMON (bit 63) for reserved"),
    ("dcap", r"SEPT_VE_DISABLE is not enabled", "has no policy that allows it"),
    ("dcap", r"chain is too short in quote", "takes an empty chain of the collateral before the quote's own"),
    ("dcap", r"^Failed to (verify certificate chain|extract PCK certificates from collateral)",
     "takes a rogue chain of the collateral before the quote's own, which is genuine"),
    ("dcap", r"missing field `pck_crl_issuer_chain`", "wants a member that decides nothing"),
    ("dcap", r"13\.1\.[15]\)\] is missing", "wants a PPID and an SGX type, which decide nothing"),
    ("intel", r"UNSUPPORTED_CERT_FORMAT", "wants a copy of the root in each chain; ours is pinned"),
    ("intel", r"QE_IDENTITY_MISMATCH", "compares identity bits that the identity's own mask excludes"),
    ("intel", r"INVALID_SIGNATURE", "serialises the signed text again: white space and escapes that were signed are lost"),
    ("intel", r"TCB_INFO_UNSUPPORTED_FORMAT", "refuses two levels of a module with one version"),
    ("intel", r"UNRECOGNIZED_STATUS", "refuses a second version of an unknown module; we give no relaunch advice"),
    ("intel", r"CHAIN_UNTRUSTED", "takes a rogue chain of the collateral before the quote's own, which is genuine"),
    ("intel", r"PCK_INVALID_EXTENSIONS", "wants a PPID and an SGX type, which decide nothing"),
    ("intel", r"CRL_UNSUPPORTED_FORMAT|CRL_INVALID_EXTENSIONS", "wants CRL number and authority key identifier, which decide nothing"),
    ("go", r"quote format not supported", "reads no SGX, and up to 0.3.1 no version 5"),
    ("go", r"TCB Status is not|unable to find latest status", "accepts UpToDate only; with us the policy decides"),
    ("go", r"could not find a TDX Module Identity", "writes the module's identity in lower-case hex and compares letters"),
    ("go", r"^MRSIGNERSEAM value", "compares the base module's signer where the module's own identity replaces it"),
    ("go", r"AttributesMask value|MISCSELECTMask value", "compares identity bits that the identity's own mask excludes"),
    ("go", r"(signing|root) certificate in|issuer chain certificates missing|incomplete PCK Certificate chain",
     "wants a copy of the root in each chain, and a chain of the list that decides nothing"),
    ("go", r"extensions length found \d+\. Expected 6", "counts extensions; one that is unknown and not critical is fine"),
    ("go", r"Processor CA\W+ is not expected", "knows the Platform CA only"),
    ("go", r"trailing bytes were found in PCK Certificate Chain", "allows one NUL behind the chain; we allow NULs and white space"),
    ("go", r"chain data type invalid, got [1-4]", "has no chain from collateral"),
    ("sev", r"3704\.1\.3\.9", "does not know the fmcSPL of a Turin"),
]

# Likewise, where no case of the corpus shows it and a random change does.
ACCEPTED_CHANGED = [
    ("dcap", r"No matching TCB level found", "compares components 0 and 1 whatever the module's version"),
    ("sev", r"invalid RDNSequence", "reads the issuer's name of the root; a root is pinned, and who it says made it decides nothing"),
]

# We refuse, with this code, and the oracle accepts: code, oracles, the rule of ours that they do not have.
REFUSED = [
    ("cert_chain", "dcap intel go", "order, count and exact names of a chain, nothing between or behind its blocks, basicConstraints, "
                                    "critical extensions, an SGX extension without duplicates and with CPUSVN as its components"),
    ("cert_chain", "sev", "productName of the key against the processor, whatever the report's version"),
    ("cert_expired", "dcap", "the pinned root's own validity"),
    ("cert_not_yet_valid", "intel", "notBefore"),
    ("collateral_mismatch", "dcap", "the versions of TCB info and identity, PCEID"),
    ("collateral_mismatch", "intel", "an id with a NUL in it is another id"),
    ("collateral_not_yet_valid", "intel go", "issueDate"),
    ("collateral_signature", "intel go", "the exact text is signed, white space around it and in it included"),
    ("crl", "dcap intel go", "thisUpdate <= now < nextUpdate, each list under its own name, nothing behind the DER"),
    ("debug", "intel go", "a guest or an enclave that can be debugged"),
    ("parse", "dcap intel go", "strict JSON (duplicates, depth, surrogates), strict dates, all members, ranges, lengths that add up"),
    ("parse", "sev", "the mitigation vector is reserved before version 5"),
    ("policy.min_tcb_evaluation_data_number", "dcap intel go", "a policy that they do not have"),
    ("policy.products", "sev", "a policy that it does not have"),
    ("qe_identity", "intel go", "a quoting enclave that can be debugged, even if debugging is allowed"),
    ("qe_report_data", "dcap intel", "the second half of the enclave's report data is zero"),
    ("revoked", "intel go", "the root listed in its own list"),
    ("simulator", "dcap intel go", "a root that is not the maker's, in production"),
    ("snp_chip", "sev", "a chip whose id is masked"),
    ("snp_policy", "sev", "what the guest's POLICY demands of the platform, unknown PLATFORM_INFO, VLEK without leave, alias check"),
    ("snp_tcb", "sev", "a least TCB of the policy that it is not given"),
    ("tcb_revoked", "go", "the platform's own level where a module has one (versions after 0.3.1 judge the module only)"),
    ("tcb_status", "dcap intel go", "statuses and advisories of the policy"),
    ("td_attributes", "dcap", "bit 39, and XFAM"),
    ("td_attributes", "intel go", "reserved bits, SEPT_VE_DISABLE, XFAM, MRSERVICETD and MROWNER"),
    ("tdx_module", "dcap", "a module from version 1 on must have an identity"),
    ("tdx_module", "go", "the signer of the module's own identity"),
    ("unsupported", "dcap", "the outer certification data must be of type 6"),
    ("unsupported", "intel", "SGX in a quote of version 4 or 5"),
]

# Both accept and say different statuses: oracle, ours, theirs, why.
STATUSES = [
    ("dcap", "OutOfDateConfigurationNeeded", "OutOfDate", "takes the more severe status where Intel's table joins the two"),
    ("dcap", "UpToDate", "OutOfDate", "compares components 0 and 1 whatever the module's version, and takes levels in the file's order"),
    ("intel", "UpToDate", "OutOfDate", "takes levels of the enclave in the file's order"),
    ("intel", "OutOfDate", "TDRelaunchAdvised", "relaunch advice may be reported as OutOfDate"),
    ("intel", "OutOfDate", "TDRelaunchAdvisedConfigurationNeeded", "relaunch advice may be reported as OutOfDate"),
]
