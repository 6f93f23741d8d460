// Compiled with optimisation and its warnings: rows of a user's type, read from a Result.
#include <cloudflare/d1.hpp>

#include <string>
#include <vector>

struct Visit {
  std::string url;
  long count;
};

std::vector<std::string> urls_of(const cloudflare::D1Database& db) {
  std::vector<std::string> urls;
  for (const Visit& visit : db.query_as<Visit>("SELECT url, count FROM visits")) urls.push_back(visit.url);
  for (const auto& [url, count] : db.query<std::string, long>("SELECT url, count FROM visits")) urls.push_back(url);
  return urls;
}
