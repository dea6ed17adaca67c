// What else lies in the folder a result goes to: results of one set of questions, or of two by mistake.
//
//   check_same_questions(files, configuration);   // before the run
#pragma once

#include "data/configuration.h"
#include "data/result_paths.h"

namespace chorus::data {

/// The results of all files of one's own lie in one folder by format, those of WebQuestions whatever phrasings were added to it,
/// unless --dataset-name tells them apart. Throws Error(data) when a finished or begun result of another name in this folder is
/// of other questions (inputs.questions of its manifest or log). Other data sets are not looked at: their name says what they are.
void check_same_questions(const ResultFiles& files, const Configuration& configuration);

}  // namespace chorus::data
