// ./classify export/model.onnx cat.jpg dog.png
#include <onnxruntime_cxx_api.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <iostream>
#include <memory>
#include <nlohmann/json.hpp>
#define STB_IMAGE_IMPLEMENTATION
#include <stb_image.h>

struct Classifier {
    Ort::Env env{ORT_LOGGING_LEVEL_ERROR};
    Ort::Session session;
    nlohmann::json about;

    explicit Classifier(const std::filesystem::path& model) : session(env, model.c_str(), Ort::SessionOptions{}) {
        Ort::AllocatorWithDefaultOptions memory;
        const auto text = session.GetModelMetadata().LookupCustomMetadataMapAllocated("clearsight", memory);
        if (!text) throw std::runtime_error(model.string() + " was not exported by Clearsight");
        about = nlohmann::json::parse(text.get());
    }

    // Probability of each class of the picture in a file, which is not turned as its EXIF data tell
    std::vector<float> classify(const std::filesystem::path& file) {
        const int channels = about["preprocessing"]["channels"];
        int width, height, stored;
        const std::unique_ptr<stbi_uc, decltype(&stbi_image_free)> pixels(
            stbi_load(file.string().c_str(), &width, &height, &stored, channels), stbi_image_free);
        if (!pixels) throw std::runtime_error(file.string() + ": " + stbi_failure_reason());
        const int64_t shape[] = {1, height, width, channels};
        const auto memory = Ort::MemoryInfo::CreateCpu(OrtArenaAllocator, OrtMemTypeDefault);
        const size_t bytes = size_t(height) * width * channels;
        auto pictures = Ort::Value::CreateTensor<uint8_t>(memory, pixels.get(), bytes, shape, 4);
        const char *input = "pictures", *output = "probabilities";
        const auto found = session.Run(Ort::RunOptions{}, &input, &pictures, 1, &output, 1);
        const float* first = found[0].GetTensorData<float>();
        return {first, first + about["classes"].size()};
    }
};

// Largest difference from the stored probabilities of the golden pictures
float golden_check(Classifier& classifier, const std::filesystem::path& folder) {
    float largest = 0;
    for (const auto& golden : classifier.about["golden"]) {
        const auto found = classifier.classify(folder / golden["file"].get<std::string>());
        for (size_t k = 0; k < found.size(); k++)
            largest = std::max(largest, std::abs(found[k] - golden["probabilities"][k].get<float>()));
    }
    if (!(largest <= 1e-4)) throw std::runtime_error("golden pictures: a probability differs by " + std::to_string(largest));
    return largest;
}

int main(int count, char** words) try {
    if (count < 2) throw std::runtime_error("which model? classify export/model.onnx PICTURE…");
    const std::filesystem::path model = words[1];
    Classifier classifier(model);
    std::cerr << "golden pictures: probabilities within " << golden_check(classifier, model.parent_path()) << "\n";
    for (int k = 2; k < count; k++) {
        const auto found = classifier.classify(words[k]);
        const auto best = std::max_element(found.begin(), found.end());
        std::cout << words[k] << ": " << classifier.about["classes"][best - found.begin()].get<std::string>() << " (" << 100 * *best << " %)\n";
    }
} catch (const std::exception& error) {
    std::cerr << "classify: " << error.what() << "\n";
    return 1;
}
