using System.Globalization;
using System.Text;
using RufusIngest.Passings;

namespace RufusIngest.Tool;

/// <summary>Where passings go that could not be sent: a JSON line each, so that none is lost. Made when first needed.</summary>
sealed class UnsentFile(string folder) : IDisposable
{
    FileStream? _file;

    public string? Path { get; private set; }

    public int Count { get; private set; }

    /// <summary>Writes a batch through to the disk; the batch stays the caller's.</summary>
    public void Write(PassingBatch batch)
    {
        if (_file is null)
        {
            string name = string.Create(
                CultureInfo.InvariantCulture, $"unsent-{TimeProvider.System.GetLocalNow():yyyyMMdd-HHmmss-fff}.jsonl");
            Path = System.IO.Path.Combine(folder, name);
            _file = new FileStream(Path, FileMode.CreateNew, FileAccess.Write, FileShare.Read);
        }

        for (int i = 0; i < batch.Count; i++)
        {
            string location = System.Text.Json.JsonEncodedText.Encode(batch.Location).ToString();
            _file.Write(Encoding.UTF8.GetBytes($"{{\"location\":\"{location}\",\"session\":{batch.Session},\"passing\":"));
            _file.Write(batch.GetItem(i));
            _file.Write("}\n"u8);
            Count++;
        }

        _file.Flush(flushToDisk: true);
    }

    public void Dispose() => _file?.Dispose();
}
