#pragma once

// Forward declarations, for headers that only name the library's types.

namespace cloudflare {

class Error;
template <class T>
class Result;
template <class T>
class Operation;
class JsonText;
template <class = void>
class BasicMetadata;
/// JSON text that a json value converts to, for example `{{"lang", "en"}}`.
using Metadata = BasicMetadata<>;

class ApiClient;
class AsyncApiClient;
class ApiToken;
class EmailKey;
class TokenProvider;
struct ClientOptions;
struct CallOptions;

class KvNamespace;
class KvNamespaces;
class CheckedKvNamespace;
class CheckedKvNamespaces;
class AsyncKvNamespace;
class AsyncKvNamespaces;

class D1Database;
class D1Databases;
class CheckedD1Database;
class CheckedD1Databases;
class AsyncD1Database;
class AsyncD1Databases;
class VectorizeIndex;
class VectorizeIndexes;
class CheckedVectorizeIndex;
class CheckedVectorizeIndexes;
class AsyncVectorizeIndex;
class AsyncVectorizeIndexes;

class Embedder;
class TextIndex;
class WorkersAi;
class CheckedTextIndex;
class CheckedWorkersAi;
class AsyncWorkersAi;

class Transport;
class Clock;

namespace kv {
struct Entry;
struct Key;
struct KeyPage;
struct Namespace;
struct PutOptions;
struct Value;
}  // namespace kv

namespace d1 {
class Cell;
class Value;
struct Database;
class Row;
class Table;
struct Meta;
struct Statement;
template <class T>
class Rows;
template <class T>
struct Type;
}  // namespace d1
namespace vectorize {
class Filter;
struct Index;
struct Match;
struct Mutation;
struct QueryOptions;
struct QueryResult;
struct Vector;
struct VectorView;
}  // namespace vectorize

namespace edgebase {
class Client;
class KvNamespace;
class D1Database;
class VectorizeIndex;
class ServiceKey;
}  // namespace edgebase

namespace local {
class Cloudflare;
}

}  // namespace cloudflare
