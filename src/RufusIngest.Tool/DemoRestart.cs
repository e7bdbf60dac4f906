using System.Net.Http.Headers;
using System.Text;
using RufusIngest.Journal;
using RufusIngest.Passings;
using RufusIngest.Records;

namespace RufusIngest.Tool;

/// <summary>
/// The demo's venue server lives in memory and ended with the process. A real one would still have what it acknowledged;
/// so the new one is given that before the demo goes on.
/// </summary>
static class DemoRestart
{
    const int PassingsPerPost = 5_000;

    public static async Task GiveBackAsync(
        HttpClient http, string key, FileInfo file, IReadOnlyDictionary<string, string> tokens,
        CancellationToken cancellation)
    {
        using SqliteJournal journal = JournalReplay.Open(file);
        PassingItems items = new();
        foreach (StoredSession session in journal.GetSessions())
        {
            if (session.IsClosed)
                throw ToolException.BadInput($"{file.FullName} holds a demo that has ended; give another file.");
            if (!tokens.TryGetValue(session.Location, out string? token))
                throw ToolException.BadInput($"{file.FullName} is not a demo's journal.");
            for (int number = 0; number < session.AcknowledgedNumber; number = items.LastNumber)
            {
                int most = Math.Min(PassingsPerPost, session.AcknowledgedNumber - number);
                if (journal.ReadPassings(session.Location, session.Session, number, most, items) == 0)
                    throw new JournalException(JournalProblem.Damaged, $"{file.FullName}: passings are missing.");
                await PostAsync(http, key, token, items, cancellation).ConfigureAwait(false);
            }
        }
    }

    static async Task PostAsync(
        HttpClient http, string key, string token, PassingItems items, CancellationToken cancellation)
    {
        string list = Encoding.UTF8.GetString(items.GetItems(0, items.Count).Span);
        using HttpRequestMessage request = new(HttpMethod.Post, "passings")
        {
            Content = new StringContent(
                $"{{\"token_session\":\"{token}\",\"passings_list\":[{list}]}}", new MediaTypeHeaderValue("application/json")),
        };
        request.Headers.Add("x-api-key", key);
        using HttpResponseMessage answer = await http.SendAsync(request, cancellation).ConfigureAwait(false);
        answer.EnsureSuccessStatusCode();
    }
}
