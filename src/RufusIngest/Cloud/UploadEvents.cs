using System.Text.Json;
using RufusIngest.Passings;

namespace RufusIngest.Cloud;

/// <summary>What a server's answer is to <see cref="Delivery"/>, for whichever shell got it. Pure.</summary>
static class UploadEvents
{
    /// <summary>The answer to a POST of passings.</summary>
    /// <param name="answer">As it came.</param>
    /// <param name="words">Its words without the key.</param>
    /// <param name="elapsed">How long ago the POST began.</param>
    public static DeliveryEvent OfAnswer(CloudAnswer answer, string? words, TimeSpan elapsed)
    {
        if (answer is { IsSuccess: true, Broken: JsonException or InvalidOperationException })
        {
            // Success in words the API does not speak: a log-in page of the hall's network, not the server.
            return new(DeliveryEventKind.FailedMaybeSent, answer.Status) { Words = words, Elapsed = elapsed };
        }

        return new(DeliveryEventKind.Answered, answer.Status)
        {
            RetryAfter = answer.RetryAfter,
            Inserted = CloudAnswer.Integer(answer.Root, "inserted_count"),
            Duplicates = CloudAnswer.Integer(answer.Root, "duplicate_count"),
            Words = words,
        };
    }

    /// <summary>More than this is no answer to a question, whatever else comes.</summary>
    public static int MostFound(int first, int last) => 2 * (last - first + 1);

    /// <summary>The answer to a question.</summary>
    /// <param name="items">Holds the passings asked about.</param>
    /// <param name="first">First number asked about.</param>
    /// <param name="last">Last number asked about.</param>
    /// <param name="found">What the server has; one more than <see cref="MostFound"/> is enough.</param>
    public static DeliveryEvent OfFound(PassingItems items, int first, int last, IReadOnlyList<CloudPassing> found)
    {
        NumberState[]? states = found.Count > MostFound(first, last)
            ? null
            : PassingComparison.Compare(items, first, last, found);
        return states is null
            ? new(DeliveryEventKind.QuestionFailed, 200) { Words = "what the server has is unclear" }
            : new(DeliveryEventKind.Compared) { Found = states };
    }
}
