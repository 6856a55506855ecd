package io.cairnfs.raft.simulation;

import java.nio.ByteBuffer;
import java.util.Map;
import java.util.TreeMap;

/**
 * A tiny deterministic state machine: registers, and for each client the last call with its result,
 * so that a call sent twice takes effect once.
 */
final class RegisterMachine implements SimulatedMachine {
  static final int REGISTERS = 8;

  private final long[] registers = new long[REGISTERS];
  private final Map<Integer, Call> calls = new TreeMap<>();
  private long index;
  private long term;
  private long digest;

  /** The command: set a register, as this call of this client. */
  static byte[] command(int client, long call, int register, long value, int padding) {
    return ByteBuffer.allocate(24 + padding)
        .putInt(client)
        .putLong(call)
        .putInt(register)
        .putLong(value)
        .array();
  }

  @Override
  public long index() {
    return index;
  }

  @Override
  public long term() {
    return term;
  }

  /** Of everything applied so far, in order. */
  @Override
  public long digest() {
    return digest;
  }

  long register(int number) {
    return registers[number];
  }

  /** Number of the last call of a client that took effect; 0 for none. */
  long lastCall(int client) {
    Call last = calls.get(client);
    return last == null ? 0 : last.number;
  }

  /** Applies an entry; returns where the call took effect, which is earlier for a repeated one. */
  @Override
  public Long apply(long entryIndex, long entryTerm, byte[] payload) {
    skip(entryIndex, entryTerm);
    ByteBuffer command = ByteBuffer.wrap(payload);
    int client = command.getInt();
    long number = command.getLong();
    int register = command.getInt();
    long value = command.getLong();
    digest = mix(digest, client * 31L + number);
    Call last = calls.get(client);
    if (last != null && number <= last.number) {
      return number == last.number ? last.index : 0L;
    }
    registers[register] = value;
    digest = mix(digest, value);
    calls.put(client, new Call(number, entryIndex));
    return entryIndex;
  }

  @Override
  public void skip(long entryIndex, long entryTerm) {
    if (entryIndex != index + 1 || entryTerm < term) {
      throw new InvariantViolation(
          "entry " + entryIndex + "@" + entryTerm + " applied after " + index + "@" + term);
    }
    index = entryIndex;
    term = entryTerm;
    digest = mix(digest, entryIndex * 1_000_003 + entryTerm);
  }

  private static long mix(long hash, long value) {
    long mixed = (hash ^ value) * 0x9E3779B97F4A7C15L;
    return mixed ^ (mixed >>> 29);
  }

  @Override
  public ByteBuffer save() {
    ByteBuffer bytes = ByteBuffer.allocate(28 + REGISTERS * 8 + calls.size() * 20);
    bytes.putLong(index).putLong(term).putLong(digest);
    for (long register : registers) {
      bytes.putLong(register);
    }
    bytes.putInt(calls.size());
    calls.forEach((client, call) -> bytes.putInt(client).putLong(call.number).putLong(call.index));
    return bytes.flip().asReadOnlyBuffer();
  }

  @Override
  public RegisterMachine copy() {
    return load(save());
  }

  static RegisterMachine load(ByteBuffer saved) {
    RegisterMachine machine = new RegisterMachine();
    ByteBuffer bytes = saved.duplicate();
    machine.index = bytes.getLong();
    machine.term = bytes.getLong();
    machine.digest = bytes.getLong();
    for (int i = 0; i < REGISTERS; i++) {
      machine.registers[i] = bytes.getLong();
    }
    for (int left = bytes.getInt(); left > 0; left--) {
      machine.calls.put(bytes.getInt(), new Call(bytes.getLong(), bytes.getLong()));
    }
    return machine;
  }

  /** Makes these machines. */
  static final class Registers implements Kind {
    @Override
    public RegisterMachine empty() {
      return new RegisterMachine();
    }

    @Override
    public RegisterMachine load(ByteBuffer saved) {
      return RegisterMachine.load(saved);
    }
  }

  private record Call(long number, long index) {}
}
