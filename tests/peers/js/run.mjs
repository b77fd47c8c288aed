// Holds our bytes against independent implementations, in both directions: what we make they must read, what they make we must read,
// and where a form is canonical both must make the same bytes. usage: run.mjs PEER [COUNT]
import * as dagCbor from "@ipld/dag-cbor";
import { blake3 } from "@noble/hashes/blake3.js";
import { secp256k1 } from "@noble/curves/secp256k1.js";
import { p256 } from "@noble/curves/nist.js";
import { ed25519 } from "@noble/curves/ed25519.js";
import { computeAddress, getAddress } from "ethers";
import { CompactSign, compactVerify, importJWK } from "jose";
import { base32 } from "multiformats/bases/base32";
import { base58btc } from "multiformats/bases/base58";
import { CID } from "multiformats/cid";
import * as Digest from "multiformats/hashes/digest";
import { SiweMessage } from "siwe";
import { Recap } from "siwe-recap";
import { hashMessage, recoverMessageAddress } from "viem";
import { privateKeyToAccount } from "viem/accounts";
import { Peer } from "./peer.mjs";
import { Random, hex } from "./random.mjs";

const peer = new Peer(process.argv[2]);
const COUNT = Number(process.argv[3] ?? 1000);
const results = { passed: 0, failed: 0 };
let shown = 0;

// One comparison. Values are compared as JSON.
function check(what, actual, expected) {
  if (JSON.stringify(actual) === JSON.stringify(expected)) {
    results.passed++;
    return;
  }
  results.failed++;
  if (shown++ < 20) console.log(`FAILED: ${what}\n  ours   ${JSON.stringify(actual)}\n  theirs ${JSON.stringify(expected)}`);
}

const ALNUM = [..."ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"];
const PATH = [...ALNUM, ..."-._~!$&()*+,;=:@/"];
const STATEMENT = [...ALNUM, ..." .,'-()/:"];
const time = (random) => new Date(1.6e12 + random.below(1e9) * 300).toISOString();

function scalar(random) {
  const secret = random.bytes(32);
  secret[0] &= 0x7f;
  secret[31] |= 1;
  return secret;
}

function siweFields(random) {
  const fields = {
    domain: random.pick(["example.com", "app.example.org:8080", "localhost", "deputy.example"]),
    address: privateKeyToAccount("0x" + hex(scalar(random))).address,
    uri: random.pick(["https://example.com/login", "did:key:z6MkqGC3nWZhYieEVTVDKW5v588CiGfsDSmRVG9ZwwWTvLSK#z6Mk", "urn:x:y"]),
    version: "1",
    chainId: random.pick([1, 137, 10, 8453, 1 + random.below(1e6)]),
    nonce: random.text(ALNUM, 8, 30),
    issuedAt: time(random),
  };
  if (random.chance(60)) fields.statement = random.text(ALNUM, 1, 1) + random.text(STATEMENT, 0, 80);
  if (random.chance(60)) fields.expirationTime = time(random);
  if (random.chance(30)) fields.notBefore = time(random);
  if (random.chance(30)) fields.requestId = random.text(ALNUM, 1, 20);
  if (random.chance(60)) {
    fields.resources = Array.from({ length: 1 + random.below(4) }, () => "https://example.com/" + random.text(ALNUM, 0, 20));
  }
  return fields;
}

async function siwe() {
  const random = new Random(1);
  for (let i = 0; i < COUNT; i++) {
    const fields = siweFields(random);
    const theirs = new SiweMessage(fields).prepareMessage();
    const { version, ...ours } = fields;
    check(`siwe ${i} built`, await peer.ask("siwe_build", ours), { ok: theirs });
    const parsed = (await peer.ask("siwe_parse", { text: theirs })).ok ?? {};
    const read = new SiweMessage(theirs);
    for (const name of ["domain", "address", "statement", "uri", "chainId", "nonce", "issuedAt", "expirationTime", "notBefore", "requestId"]) {
      check(`siwe ${i} ${name} read`, parsed[name], read[name] ?? undefined);
    }
    check(`siwe ${i} resources read`, parsed.resources, read.resources ?? []);
  }
}

async function eip191() {
  const random = new Random(2);
  for (let i = 0; i < COUNT; i++) {
    const secret = scalar(random);
    const account = privateKeyToAccount("0x" + hex(secret));
    const text = random.text([...STATEMENT, "\n", "é", "漢", "🙂"], 0, 200);
    const theirs = (await account.signMessage({ message: text })).slice(2);
    check(`eip191 ${i} digest`, await peer.ask("eip191_digest", { text }), { ok: hashMessage(text).slice(2) });
    const ours = await peer.ask("eip191_sign", { kind: "secp256k1", secret: hex(secret), text });
    check(`eip191 ${i} signature`, ours, { ok: theirs });
    check(`eip191 ${i} recovered`, await recoverMessageAddress({ message: text, signature: "0x" + ours.ok }), account.address);
    check(`eip191 ${i} verified`, await peer.ask("eip191_verify", { text, signature: theirs, address: account.address }), { ok: true });
    const bent = (parseInt(theirs[10], 16) ^ 1).toString(16);
    const answer = await peer.ask("eip191_verify", {
      text,
      signature: theirs.slice(0, 10) + bent + theirs.slice(11),
      address: account.address,
    });
    check(`eip191 ${i} altered`, answer, { error: "signature" });
  }
}

const KINDS = {
  ed25519: { code: [0xed, 1], public: (secret) => ed25519.getPublicKey(secret) },
  secp256k1: { code: [0xe7, 1], public: (secret) => secp256k1.getPublicKey(secret, true) },
  p256: { code: [0x80, 0x24], public: (secret) => p256.getPublicKey(secret, true) },
};

async function didKey() {
  const random = new Random(3);
  for (let i = 0; i < COUNT; i++) {
    const kind = random.pick(Object.keys(KINDS));
    const secret = scalar(random);
    const key = KINDS[kind].public(secret);
    const did = "did:key:" + base58btc.encode(Uint8Array.from([...KINDS[kind].code, ...key]));
    check(`did:key ${i} ${kind}`, await peer.ask("did_key", { kind, secret: hex(secret) }), { ok: did });
    check(`did:key ${i} ${kind} decoded`, await peer.ask("did_key_decode", { did }), { ok: hex(key) });
  }
}

async function addresses() {
  const random = new Random(4);
  for (let i = 0; i < COUNT; i++) {
    const secret = scalar(random);
    const address = computeAddress("0x" + hex(secret));
    check(`address ${i}`, await peer.ask("address", { kind: "secp256k1", secret: hex(secret) }), { ok: address });
    const letters = [...address].map((c, at) => (at < 2 ? c : random.chance(8) ? (c === c.toUpperCase() ? c.toLowerCase() : c.toUpperCase()) : c));
    const changed = letters.join("");
    let valid = changed === address; // ethers takes all-lower and all-upper texts too; a SIWE message does not
    const mixed = /[a-f]/.test(changed.slice(2)) && /[A-F]/.test(changed.slice(2));
    if (mixed) {
      valid = true;
      try {
        getAddress(changed);
      } catch {
        valid = false;
      }
    }
    check(`address ${i} checksum`, "ok" in (await peer.ask("address_strict", { address: changed })), valid);
  }
}

const ALGORITHMS = { ed25519: "EdDSA", secp256k1: "ES256K", p256: "ES256" };
const b64 = (bytes) => Buffer.from(bytes).toString("base64url");

function publicJwk(kind, secret) {
  if (kind === "ed25519") return { alg: "EdDSA", crv: "Ed25519", kty: "OKP", x: b64(ed25519.getPublicKey(secret)) };
  const point = (kind === "p256" ? p256 : secp256k1).getPublicKey(secret, false);
  return {
    alg: ALGORITHMS[kind],
    crv: kind === "p256" ? "P-256" : "secp256k1",
    kty: "EC",
    x: b64(point.slice(1, 33)),
    y: b64(point.slice(33)),
  };
}

const SPACE = "tinycloud:pkh:eip155:1:0x7E5F4552091A69125d5DfCb7b8C2659029395Bdf:default";
const abilities = ["tinycloud.kv/get", "tinycloud.kv/put", "tinycloud.sql/read", "tinycloud.sql/*", "example/do-it"];

function grants(random) {
  const seen = new Map();
  for (let i = 1 + random.below(5); i > 0; i--) {
    const grant = [SPACE + "/kv/" + random.text(ALNUM, 1, 12), random.pick(abilities)];
    seen.set(grant.join(" "), grant);
  }
  return [...seen.values()];
}

function attenuation(list) {
  const att = {};
  for (const [resource, ability] of [...list].sort()) (att[resource] ??= {})[ability] = [{}];
  return att;
}

// noble for ES256K: OpenSSL-backed jose has no secp256k1.
async function jwsVerifies(kind, jwk, token) {
  const [header, payload, signature] = token.split(".");
  if (kind !== "secp256k1") {
    await compactVerify(token, await importJWK(jwk));
    return true;
  }
  const point = Buffer.concat([Buffer.from([4]), Buffer.from(jwk.x, "base64url"), Buffer.from(jwk.y, "base64url")]);
  return secp256k1.verify(Buffer.from(signature, "base64url"), Buffer.from(header + "." + payload), point, { prehash: true, lowS: true });
}

async function jwsSign(kind, secret, header, payload) {
  if (kind === "secp256k1") {
    const signed = b64(JSON.stringify(header)) + "." + b64(JSON.stringify(payload));
    return signed + "." + b64(secp256k1.sign(Buffer.from(signed), secret, { prehash: true, lowS: true }));
  }
  const key = await importJWK({ ...header.jwk, d: b64(secret) }, header.alg);
  return new CompactSign(Buffer.from(JSON.stringify(payload))).setProtectedHeader(header).sign(key);
}

async function jws() {
  const random = new Random(5);
  for (let i = 0; i < COUNT; i++) {
    const kind = random.pick(Object.keys(KINDS));
    const secret = scalar(random);
    const did = (await peer.ask("did_key", { kind, secret: hex(secret) })).ok;
    const audience = "did:key:z6MkqGC3nWZhYieEVTVDKW5v588CiGfsDSmRVG9ZwwWTvLSK";
    const expiry = 1783685100 + random.below(1000) + (random.chance(50) ? random.below(1000) / 1000 : 0);
    const list = grants(random);
    const nonce = "urn:uuid:" + random.text(ALNUM, 10, 20);
    const facts = random.chance(30) ? [{ n: random.below(1e6), note: random.text(STATEMENT, 0, 20) }] : undefined;
    const jwk = publicJwk(kind, secret);
    const token = (await peer.ask("ucan_build", { kind, secret: hex(secret), audience, expiry, nonce, facts, grants: list })).ok;
    const header = { alg: ALGORITHMS[kind], jwk, typ: "JWT", ucv: "0.10.0" };
    const payload = { att: attenuation(list), aud: audience, exp: expiry, fct: facts, iss: did, nnc: nonce, prf: [] };
    const [h, p] = token.split(".").map((part) => Buffer.from(part, "base64url").toString());
    check(`jws ${i} ${kind} header`, h, JSON.stringify(header));
    check(`jws ${i} ${kind} payload`, p, JSON.stringify(payload));
    check(`jws ${i} ${kind} verified by them`, await jwsVerifies(kind, jwk, token).catch((error) => String(error)), true);
    const theirs = await jwsSign(kind, secret, header, { ...payload, nnc: nonce + "x" });
    check(`jws ${i} ${kind} verified by us`, await peer.ask("ucan_verify", { token: theirs }), { ok: did });
    const parts = theirs.split(".");
    const forged = [parts[0], b64(JSON.stringify({ ...payload, aud: did })), parts[2]].join(".");
    check(`jws ${i} ${kind} altered`, await peer.ask("ucan_verify", { token: forged }), { error: "signature" });
  }
}

function cborValue(random, depth) {
  const kind = random.below(depth > 0 ? 9 : 7);
  if (kind === 0) return random.pick([0, 1, 23, 24, 255, 256, 65535, 65536, 4294967295, 4294967296, random.next()]);
  if (kind === 1) return -random.pick([1, 24, 25, 256, 257, 65536, 4294967296, random.next() + 1]);
  if (kind === 2) return random.text([...ALNUM, "é", "漢", "🙂"], 0, 40);
  if (kind === 3) return random.bytes(random.below(40));
  if (kind === 4) return random.pick([true, false, null]);
  if (kind === 5) return random.pick([1.5, -0.25, 1e300, 5e-324, Math.PI, random.next() / 7 + 0.5]);
  if (kind === 6) return CID.createV1(0x55, Digest.create(0x1e, random.bytes(32)));
  if (kind === 7) return Array.from({ length: random.below(6) }, () => cborValue(random, depth - 1));
  return Object.fromEntries(Array.from({ length: random.below(6) }, () => [random.text(ALNUM, 0, 12), cborValue(random, depth - 1)]));
}

async function cbor() {
  const random = new Random(6);
  for (let i = 0; i < COUNT; i++) {
    const bytes = dagCbor.encode(cborValue(random, 4));
    const ours = await peer.ask("cbor_read", { bytes: hex(bytes) });
    check(`cbor ${i} round trip`, ours, { ok: hex(bytes) });
    // A changed byte: whatever we still accept, they must accept too, and write back as the same bytes.
    const bent = Uint8Array.from(bytes);
    bent[random.below(bent.length)] ^= 1 << random.below(8);
    const answer = await peer.ask("cbor_read", { bytes: hex(bent) });
    if ("ok" in answer) {
      let theirs = "refused";
      try {
        theirs = hex(dagCbor.encode(dagCbor.decode(bent)));
      } catch (error) {
        theirs = String(error);
      }
      check(`cbor ${i} altered`, hex(bent), theirs);
    } else {
      results.passed++;
    }
  }
}

async function cids() {
  const random = new Random(7);
  for (let i = 0; i < COUNT; i++) {
    const bytes = random.bytes(random.below(3000));
    const digest = blake3(bytes);
    const cid = CID.createV1(0x55, Digest.create(0x1e, digest));
    check(`cid ${i}`, await peer.ask("cid", { bytes: hex(bytes) }), { ok: [cid.toString(base32), cid.toString(base58btc)] });
    check(`cid ${i} read`, await peer.ask("cid_parse", { cid: cid.toString(random.pick([base32, base58btc])) }), { ok: hex(digest) });
    const foreign = CID.createV1(random.pick([0x71, 0x70]), Digest.create(0x1e, digest));
    check(`cid ${i} foreign`, await peer.ask("cid_parse", { cid: foreign.toString(base32) }), { error: "cid-foreign" });
  }
}

async function recaps() {
  const random = new Random(8);
  for (let i = 0; i < COUNT; i++) {
    const list = grants(random);
    const proofs = Array.from({ length: random.below(3) }, () => CID.createV1(0x55, Digest.create(0x1e, random.bytes(32))));
    const recap = new Recap();
    for (const [resource, ability] of list) recap.addAttenuation(resource, ...ability.split("/"), {});
    proofs.forEach((proof) => recap.addProof(proof));
    const ours = await peer.ask("recap_build", { grants: list, proofs: proofs.map((proof) => proof.toString(base58btc)) });
    check(`recap ${i} statement`, ours.ok?.statement, recap.statement);
    check(`recap ${i} uri`, ours.ok?.uri, recap.encode());
    const { statement, resources, ...fields } = siweFields(random);
    const message = recap.add_to_siwe_message(new SiweMessage(statement ? { ...fields, statement } : fields)).prepareMessage();
    const read = await peer.ask("recap_extract", { text: message });
    check(`recap ${i} read`, read.ok?.grants, [...list].sort((a, b) => (a.join(" ") < b.join(" ") ? -1 : 1)));
    check(`recap ${i} proofs read`, read.ok?.proofs, proofs.map((proof) => proof.toString(base58btc)));
  }
}

async function cacaos() {
  const random = new Random(9);
  for (let i = 0; i < COUNT; i++) {
    const secret = scalar(random);
    const account = privateKeyToAccount("0x" + hex(secret));
    const { version, ...fields } = { ...siweFields(random), address: account.address };
    const text = new SiweMessage({ ...fields, version }).prepareMessage();
    const signature = (await account.signMessage({ message: text })).slice(2);
    const payload = {
      aud: fields.uri,
      iat: fields.issuedAt,
      iss: `did:pkh:eip155:${fields.chainId}:${account.address}`,
      nonce: fields.nonce,
      domain: fields.domain,
      version: 1,
    };
    if (fields.expirationTime) payload.exp = fields.expirationTime;
    if (fields.notBefore) payload.nbf = fields.notBefore;
    if (fields.resources) payload.resources = fields.resources;
    if (fields.statement) payload.statement = fields.statement;
    if (fields.requestId) payload.request_id = fields.requestId;
    const theirs = hex(dagCbor.encode({ h: { t: "eip4361" }, p: payload, s: { t: "eip191", s: Buffer.from(signature, "hex") } }));
    check(`cacao ${i} built`, await peer.ask("cacao_build", { ...fields, signature }), { ok: theirs });
    check(`cacao ${i} verified`, await peer.ask("cacao_verify", { bytes: theirs }), { ok: payload.iss });
  }
}

async function canonicalJson() {
  const random = new Random(10);
  const value = (depth) => {
    const kind = random.below(depth > 0 ? 6 : 4);
    if (kind === 0) return random.pick([0, -1, 1e21, 1e-7, 0.1, 123456789012345, 5e-324, random.next() / 1000, -random.next()]);
    if (kind === 1) return random.text([...ALNUM, "é", "漢", "🙂", '"', "\\", "\n", "\u0001", "/"], 0, 20);
    if (kind === 2) return random.pick([true, false, null]);
    if (kind === 3) return random.next();
    if (kind === 4) return Array.from({ length: random.below(5) }, () => value(depth - 1));
    return Object.fromEntries(Array.from({ length: random.below(5) }, () => [random.text([...ALNUM, "é", "🙂", "\uFB33"], 1, 8), value(depth - 1)]));
  };
  const sorted = (v) => {
    if (Array.isArray(v)) return v.map(sorted);
    if (v === null || typeof v !== "object") return v;
    return new Map(Object.keys(v).sort().map((name) => [name, sorted(v[name])]));
  };
  const print = (v) => {
    if (v instanceof Map) return "{" + [...v].map(([name, member]) => JSON.stringify(name) + ":" + print(member)).join(",") + "}";
    return Array.isArray(v) ? "[" + v.map(print).join(",") + "]" : JSON.stringify(v);
  };
  for (let i = 0; i < COUNT; i++) {
    const v = value(4);
    check(`json ${i}`, await peer.ask("json_canonical", { text: JSON.stringify(v, null, random.below(3)) }), { ok: print(sorted(v)) });
  }
}

for (const kind of [siwe, eip191, didKey, addresses, jws, cbor, cids, recaps, cacaos, canonicalJson]) {
  const before = results.passed + results.failed;
  await kind();
  console.log(`${kind.name}: ${COUNT} inputs, ${results.passed + results.failed - before} comparisons`);
}
peer.end();
console.log(`${results.passed} passed, ${results.failed} failed`);
process.exitCode = results.failed ? 1 : 0;
