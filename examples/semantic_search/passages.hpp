#pragma once

// Markdown files cut into passages: what stands under one heading, or a part of it if that is long.

#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

struct Passage {
  std::string file{};
  std::string heading{};
  std::string text{};
};

/// A line without the targets of its links: they repeat what the links say.
inline std::string without_targets(std::string line) {
  for (std::size_t at = line.find("]("); at != std::string::npos; at = line.find("](", at)) {
    const std::size_t end = line.find(')', at);
    if (end == std::string::npos) break;
    line.erase(at + 1, end - at);
  }
  return line;
}

inline void cut(const std::filesystem::path& path, const std::string& name, std::vector<Passage>& passages) {
  constexpr std::size_t long_enough = 700;
  std::ifstream file(path);
  Passage passage{.file = name};
  const auto close = [&] {
    if (passage.text.find_first_not_of(" \n") != std::string::npos) passages.push_back(passage);
    passage.text.clear();
  };
  bool code = false;
  for (std::string line; std::getline(file, line);) {
    if (line.starts_with("```")) code = !code;
    if (!code && line.starts_with('#') && line.find(' ') != std::string::npos) {
      close();
      passage.heading = line.substr(line.find(' ') + 1);
      continue;
    }
    if (line.empty() && passage.text.size() > long_enough) close();
    passage.text += without_targets(line) + '\n';
  }
  close();
}

/// The Markdown files below `folder`, without hidden and built ones.
inline std::vector<Passage> passages_of(const std::filesystem::path& folder) {
  namespace fs = std::filesystem;
  std::vector<Passage> passages;
  for (auto it = fs::recursive_directory_iterator(folder); it != fs::recursive_directory_iterator(); ++it) {
    const std::string name = it->path().filename().string();
    if (it->is_directory() && (name.starts_with('.') || name == "build" || name == "node_modules"))
      it.disable_recursion_pending();
    else if (it->is_regular_file() && it->path().extension() == ".md")
      cut(it->path(), fs::relative(it->path(), folder).generic_string(), passages);
  }
  return passages;
}
